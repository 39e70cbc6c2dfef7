"""Parts of an installation that people work with are stopped and started, one after the other."""

import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import click
from httpx import AsyncClient, Response

from tests.chaos.installation import by_proxy, installation
from tests.conftest import SECRET_KEY, Newcomer
from tests.people import PASSWORD, accepted, sign_in, transport_to
from tests.realtime.changes import Work
from tests.realtime.listener import listening, serving
from tests.realtime.mirror import Mirror
from tracker.app import create_app
from tracker.core.database import Sessions
from tracker.core.migrations import migrations
from tracker.core.redis import redis_client
from tracker.local.databases import postgres
from tracker.models import Role
from tracker.settings import Settings

SETTLING_SECONDS = 60.0
PATIENCE_SECONDS = 180.0
BACK_SECONDS = 5.0
REDIS_AWAY_SECONDS = 60.0
LATE_SECONDS = 2.0


@asynccontextmanager
async def repeated(clients: int, step: Callable[[], Awaitable[Response]]) -> AsyncGenerator[list[Response]]:
    """So many clients, each of which repeats a request until the end of the block; yields the answers so far.

    A request that gets no answer at all fails the test.
    """
    answers: list[Response] = []
    is_over = False

    async def client() -> None:
        while not is_over:
            answers.append(await step())

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
        yield answers
        is_over = True


def statuses(answers: Sequence[Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_a_rolling_restart_loses_no_request_and_no_event(
    settings: Settings, newcomer: Newcomer, sessions: Sessions
) -> None:
    roles = [Role.ADMIN] + [Role.MAINTAINER] * 3 + [Role.REPORTER] * 6
    async with installation(settings) as (replicas, _, address):
        people = [await by_proxy(await newcomer(f"P{n}", role), address) for n, role in enumerate(roles)]
        mirrors = [Mirror(one, lambda: f"ws://{address}/api/ws", lambda one=one: one.token) for one in people]
        work = Work(people, Random(1))
        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(mirror.run()) for mirror in mirrors]
            async with repeated(12, work.step) as answers:
                for replica in replicas:
                    await replica.end(signal.SIGTERM)
                    await replica.start()
            click.echo(f"{sum(one.connects for one in mirrors)} connects, {statuses(answers)}")
            lost = [(one.request.method, one.request.url.path, one.text) for one in answers if one.status_code >= 500]
            assert lost == []
            for mirror in mirrors:
                await mirror.settle(SETTLING_SECONDS)
            for task in listening:
                task.cancel()
        async with sessions() as session:
            for mirror in mirrors:
                assert await mirror.missed(session) == set()
                assert mirror.doubled() == set()
        for person in people:
            await person.aclose()


class Cluster:
    """A PostgreSQL of its own that may crash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = ExitStack()
        self.url = self.start()

    def start(self) -> str:
        return self._running.enter_context(postgres(self._directory, durable=True))

    def crash(self) -> None:
        """As by `pg_ctl stop -m immediate`."""
        postmaster = (self._directory / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]
        os.kill(int(postmaster), signal.SIGQUIT)
        self.stop()

    def stop(self) -> None:
        self._running.close()


async def test_a_crash_of_postgresql_costs_503s_until_it_is_back_and_nothing_that_was_acknowledged() -> None:
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory))
        settings = Settings.from_environment({"DATABASE_URL": cluster.url, "SECRET_KEY": SECRET_KEY})
        await asyncio.to_thread(migrations(settings).upgrade)
        app = create_app(settings)
        try:
            async with app.lifespan(), AsyncClient(transport=transport_to(app), base_url="http://test") as client:
                await _crash_twice(cluster, client)
                async with serving(app) as address, listening(address, _token(client)) as listener:
                    cluster.crash()
                    cluster.start()
                    await _back(client)
                    issue = accepted(await client.post("/issues/", json={"title": "After"}), 201)
                    [event] = await listener.events(1)
                    assert event["issue_id"] == issue["id"]
        finally:
            cluster.stop()


async def _crash_twice(cluster: Cluster, client: AsyncClient) -> None:
    registration = {"email": "ann@example.com", "password": PASSWORD, "full_name": "Ann Lee", "role": "admin"}
    accepted(await client.post("/users/register", json=registration), 201)
    client.headers["Authorization"] = f"Bearer {(await sign_in(client, 'ann@example.com'))['access_token']}"
    address = f"/issues/{accepted(await client.post('/issues/', json={'title': 'Before'}), 201)['id']}"
    random = Random(2)

    async def step() -> Response:
        await asyncio.sleep(0.005)
        if random.random() < 0.5:
            return await client.get(random.choice(["/issues/", address, "/issues/snapshot", "/events"]))
        return await client.post(f"{address}/comments", json={"body": f"Comment {random.random()}"})

    async with repeated(8, step) as answers:
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(cluster.crash)
            await asyncio.sleep(1)
            await asyncio.to_thread(cluster.start)
            await _back(client)
            since = len(answers)
            await asyncio.sleep(1)
            # Whoever was waiting is through by now.
            assert set(statuses(answers[since + 8 :])) <= {200, 201}
    click.echo(f"{statuses(answers)}")
    assert set(statuses(answers)) == {200, 201, 503}
    written = {answer.json()["body"] for answer in answers if answer.status_code == 201}
    kept: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = accepted(await client.get(f"{address}/comments", params={"cursor": cursor} if cursor else {}))
        kept |= {comment["body"] for comment in page["items"]}
        cursor = page["next_cursor"]
    assert written <= kept


def _token(client: AsyncClient) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


async def _back(client: AsyncClient) -> None:
    async with asyncio.timeout(BACK_SECONDS):
        while (await client.get("/issues/")).status_code != 200:  # noqa: ASYNC110  # nothing tells us when
            await asyncio.sleep(0.02)


async def test_without_redis_and_after_it_forgot_everything_all_goes_on(settings: Settings, newcomer: Newcomer) -> None:
    async with installation(settings) as (_, redis, address):
        person = await by_proxy(await newcomer("Mia", Role.MAINTAINER), address)
        issue = await person.open_issue()
        async with listening(f"{address}/api", person.token) as listener:

            async def work() -> float:
                """Signs in, reads and writes; how late the other side heard of it."""
                await sign_in(person, person.email)
                accepted(await person.get("/issues/"))
                begun = time.monotonic()
                await person.comment(issue["id"])
                await listener.events(1)
                return time.monotonic() - begun

            async def work_for(seconds: float) -> float:
                end, worst = time.monotonic() + seconds, 0.0
                while time.monotonic() < end:
                    worst = max(worst, await work())
                return worst

            before = await work_for(2)
            redis.stop()
            without = await work_for(REDIS_AWAY_SECONDS)
            redis.start()
            back = await work_for(5)
            async with redis_client(redis.url) as commands:
                await commands.flushall()  # pyright: ignore[reportUnknownMemberType]
            flushed = await work_for(5)
        click.echo(f"late: {before:.2f} s, without Redis {without:.2f} s, back {back:.2f} s, flushed {flushed:.2f} s")
        assert max(before, back, flushed) < LATE_SECONDS * 2
        assert without < LATE_SECONDS * 2
        await person.aclose()
