"""What Redis and PostgreSQL may do without anything being lost."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.people import Person, accepted, client_at
from tests.realtime.listener import Listener, knocking, listening, serving
from tests.realtime.replicas import Redis, terminate_connections
from tracker.app import create_app
from tracker.core.database import Sessions
from tracker.core.redis import redis_client
from tracker.local.stack import free_port
from tracker.realtime.feed import Feed
from tracker.settings import Settings

LATE_SECONDS = 5.0
"""At most, without Redis. The timer takes one of them; the others are for a machine that has much else to do."""


@asynccontextmanager
async def two_replicas(settings: Settings, redis: Redis) -> AsyncGenerator[tuple[str, str]]:
    async with AsyncExitStack() as stack:
        addresses: list[str] = []
        for _ in range(2):
            app = create_app(msgspec.structs.replace(settings, redis_url=redis.url))
            await stack.enter_async_context(app.lifespan())
            addresses.append(await stack.enter_async_context(serving(app)))
        yield addresses[0], addresses[1]


@pytest.fixture
async def redis() -> AsyncGenerator[Redis]:
    with tempfile.TemporaryDirectory() as directory:
        redis = Redis(Path(directory))
        yield redis
        redis.stop()


async def delay(act: Callable[[], Any], *listeners: Listener) -> float:
    """How long it takes until everybody was told of a change."""
    start = time.monotonic()
    await act()
    for listener in listeners:
        await listener.events(1)
    return time.monotonic() - start


async def test_redis_may_drop_its_connections_restart_and_stay_away(
    settings: Settings, redis: Redis, maintainer: Person, admin: Person
) -> None:
    async with two_replicas(settings, redis) as (first, second):
        async with (
            listening(first, maintainer.token) as here,
            listening(second, maintainer.token) as there,
            client_at(f"http://{first}", headers=maintainer.headers) as client,
        ):

            async def open_issue() -> None:
                accepted(await client.post("/issues/", json={"title": "Issue"}), 201)

            await settled(open_issue, here, there)

            async with redis_client(redis.url) as commands:
                for kind in ("pubsub", "normal"):
                    await commands.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")  # pyright: ignore[reportUnknownMemberType]
                    assert await delay(open_issue, here, there) < LATE_SECONDS
            await settled(open_issue, here, there)

            redis.stop()
            for _ in range(3):
                assert await delay(open_issue, here, there) < LATE_SECONDS
            redis.start()
            await settled(open_issue, here, there)

            async with redis_client(redis.url) as commands:
                await commands.execute_command("CLIENT", "PAUSE", "6000", "ALL")  # pyright: ignore[reportUnknownMemberType]
                for _ in range(2):
                    assert await delay(open_issue, here, there) < LATE_SECONDS
            await settled(open_issue, here, there)

        async with listening(second, maintainer.token) as there:
            redis.stop()
            accepted(await admin.patch(f"/users/{maintainer.id}", json={"role": "reporter"}))
            redis.start()
            # What was not heard meanwhile is looked up as soon as the line is up again.
            await there.until(lambda frame: frame["type"] == "reset")


async def settled(open_issue: Callable[[], Any], *listeners: Listener) -> None:
    """After a few seconds at most the doorbell works: three times in a row it is quicker than the timer."""
    quick = 0
    for _ in range(60):
        await asyncio.sleep(0.1)
        quick = quick + 1 if await delay(open_issue, *listeners) < 0.3 else 0
        if quick == 3:
            return
    pytest.fail("changes stay slow")


@pytest.fixture
async def mortal(sessions: Sessions) -> AsyncGenerator[Sessions]:
    """Those whose connections a test ends; the next one finds none of the dead in the pool."""
    yield sessions
    await sessions.kw["bind"].dispose()


async def test_postgresql_may_drop_every_connection(
    address: str, twin: str, maintainer: Person, mortal: Sessions
) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as here, listening(twin, maintainer.token) as there:
        written = 0
        for number in range(10):
            async with mortal() as session:
                await terminate_connections(session)
            while not (
                answer := await maintainer.patch(f"/issues/{issue['id']}", json={"title": f"Title {number}"})
            ).is_success:
                assert answer.status_code == 503
            written += 1
        for listener in (here, there):
            await listener.until(lambda _, told=listener: len(told.event_ids) >= written)
            assert listener.issues[issue["id"]]["title"] == "Title 9"
            assert listener.resets == 0


async def test_with_the_database_away_a_socket_is_asked_to_come_back(settings: Settings, maintainer: Person) -> None:
    nowhere = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing"
    app = create_app(msgspec.structs.replace(settings, database_url=nowhere))
    async with app.lifespan(), serving(app) as address, knocking(address) as listener:
        await listener.send({"type": "auth", "token": maintainer.token})
        assert await listener.closed() == (1013, "try again later")


async def test_a_feed_that_fails_in_a_way_nobody_thought_of_begins_anew(
    settings: Settings, maintainer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.live.RESTART_SECONDS", 0.1)
    app = create_app(settings)

    def fail(*_: object) -> None:
        monkeypatch.undo()
        raise MemoryError

    async with app.lifespan(), serving(app) as address, listening(address, maintainer.token) as listener:
        monkeypatch.setattr(Feed, "_rest", fail)
        await maintainer.open_issue()
        await listener.events(1)
