"""Rate limits: on all replicas together, with Redis and without."""

import asyncio
import time
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.conftest import Installed
from tests.people import PASSWORD, Person, accepted, refused
from tracker.core.errors import TooMany
from tracker.core.limits import Limits, network_of
from tracker.core.metrics import Metrics
from tracker.core.redis import redis_client
from tracker.local.databases import valkey
from tracker.settings import RATES, Rate, Settings, SettingsError

WRONG = {"email": "rob.reporter@example.com", "password": "wrong horse"}
ENVIRONMENT = {"DATABASE_URL": "postgresql://db/tracker", "SECRET_KEY": "0123456789abcdef0123456789abcdef"}


async def outcomes(clients: list[AsyncClient], count: int, body: dict[str, str]) -> list[int]:
    sent = (clients[number % len(clients)].post("/users/token", json=body) for number in range(count))
    return sorted(int(answer.status_code) for answer in await asyncio.gather(*sent))


async def test_guesses_at_one_account_are_counted_over_all_replicas(installed: Installed, reporter: Person) -> None:
    rates = {"sign_in_account": Rate(5, 300)}
    replicas = [await installed(rates=rates), await installed(rates=rates)]
    assert await outcomes(replicas, 12, WRONG) == [401] * 5 + [429] * 7
    answer = await replicas[0].post("/users/token", json=WRONG | {"password": PASSWORD})
    problem = refused(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 60
    # An account that doesn't exist is no other.
    unknown = {"email": "nobody@example.com", "password": "wrong horse"}
    assert await outcomes(replicas, 12, unknown) == [401] * 5 + [429] * 7
    again = refused(await replicas[1].post("/users/token", json=unknown), 429)
    assert again | {"request_id": ""} == problem | {"request_id": ""}


async def test_whoever_knows_the_password_may_sign_in_as_often_as_they_like(
    installed: Installed, reporter: Person
) -> None:
    replica = await installed(rates={"sign_in_account": Rate(2, 3600), "sign_in": Rate(2, 3600)})
    for _ in range(6):
        accepted(await replica.post("/users/token", json={"email": reporter.email, "password": PASSWORD}))


@pytest.mark.parametrize("redis", ["none", "nowhere"])
async def test_without_redis_each_replica_counts_for_itself(
    installed: Installed, reporter: Person, tmp_path: Path, redis: str
) -> None:
    url = None if redis == "none" else f"unix://{tmp_path}/nowhere.sock"
    replica = await installed(redis_url=url, rates={"sign_in_account": Rate(3, 300)})
    assert await outcomes([replica], 6, WRONG) == [401] * 3 + [429] * 3


async def test_writes_of_one_person_are_limited_and_reading_never_is(
    installed: Installed, reporter: Person, stranger: Person
) -> None:
    replica = await installed(rates={"writes": Rate(3, 3600)})
    own, others = [{"Authorization": person.headers["Authorization"]} for person in (reporter, stranger)]
    for _ in range(3):
        accepted(await replica.post("/issues/", json={"title": "One more"}, headers=own), 201)
    refused(await replica.post("/issues/", json={"title": "One more"}, headers=own), 429)
    refused(await replica.patch("/users/me", json={"full_name": "Bob"}, headers=own), 429)
    accepted(await replica.get("/issues/", headers=own))
    accepted(await replica.post("/issues/", json={"title": "Another's"}, headers=others), 201)
    assert 'tracker_rate_limited_total{limit="writes"} 2.0' in (await replica.get("/metrics")).text


async def test_registrations_from_one_address_are_limited(installed: Installed, admin: Person) -> None:
    replica = await installed(rates={"registration_address": Rate(2, 3600)})

    async def register(number: int, **headers: str) -> int:
        body = {"email": f"new{number}@example.com", "password": PASSWORD, "full_name": "New"}
        return int((await replica.post("/users/register", json=body, headers=headers)).status_code)

    assert [await register(number) for number in range(3)] == [201, 201, 429]
    assert await register(4, Authorization=admin.headers["Authorization"]) == 201


async def test_uploads_are_limited(installed: Installed, reporter: Person) -> None:
    replica = await installed(rates={"uploads": Rate(1, 3600)})
    replica.headers["Authorization"] = reporter.headers["Authorization"]
    address = f"/issues/{(await reporter.open_issue())['id']}/attachments"
    files = {"files": ("notes.txt", b"It fails on Mondays.", "text/plain")}
    accepted(await replica.post(address, files=files), 201)
    refused(await replica.post(address, files=files), 429)


async def test_a_bucket_refills_evenly() -> None:
    now = 1000.0
    limits = Limits(None, {"writes": Rate(4, 8)}, Metrics(), clock=lambda: now)

    async def let_through(attempts: int) -> int:
        done = await asyncio.gather(*(limits.take(writes="1") for _ in range(attempts)), return_exceptions=True)
        return sum(not isinstance(each, Exception) for each in done)

    assert await let_through(10) == 4
    now += 2.0
    assert await let_through(10) == 1
    now += 100.0
    assert await let_through(10) == 4


async def is_let_through(limits: Limits) -> bool:
    try:
        await limits.take(writes="1")
    except TooMany:
        return False
    return True


async def test_a_clock_that_is_set_back_locks_nobody_out(settings: Settings, tmp_path: Path) -> None:
    with valkey(tmp_path, durable=False) as url:
        async with redis_client(url) as redis:
            limits = Limits(redis, {"writes": Rate(2, 1)}, Metrics())
            await limits.take(writes="1")
            (key,) = await redis.keys("limit:*")  # pyright: ignore[reportUnknownMemberType]
            await redis.set(key, (int(time.time()) + 86_400) * 1_000_000)
            with pytest.raises(Exception, match="Too many"):
                await limits.take(writes="1")
            # Not for a day: as long as one takes.
            async with asyncio.timeout(5):
                while not await is_let_through(limits):  # noqa: ASYNC110  # nothing tells us
                    await asyncio.sleep(0.02)
            await redis.set(key, (int(time.time()) - 86_400) * 1_000_000)
            await limits.take(writes="1")


def test_a_subscriber_is_one_whichever_of_their_addresses_they_use() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::4")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("testclient") == "testclient"


def test_an_installation_chooses_its_limits() -> None:
    assert Settings.from_environment(ENVIRONMENT).rates == RATES
    assert Settings.from_environment(ENVIRONMENT | {"RATE_LIMITS": "off"}).rates == {}
    chosen = Settings.from_environment(ENVIRONMENT | {"RATE_LIMIT_WRITES": "5/60", "RATE_LIMIT_SOCKETS": "off"}).rates
    assert chosen["writes"] == Rate(5, 60)
    assert "sockets" not in chosen
    with pytest.raises(SettingsError, match="RATE_LIMIT_UPLOADS"):
        Settings.from_environment(ENVIRONMENT | {"RATE_LIMIT_UPLOADS": "many"})
