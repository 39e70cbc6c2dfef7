"""The promises of live updates, while everything is killed at random.

Two replicas and a worker behind the project's own nginx configuration, forty clients of mixed roles, two thousand
changes. A failure is repeated, as far as chaos can be, with the seed that it names: CHAOS_SEED=… make test-chaos.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

import click
import pytest
from httpx import HTTPError
from sqlalchemy import text

from tests.chaos.installation import by_proxy, installation
from tests.conftest import Newcomer
from tests.people import Person
from tests.realtime.changes import Work, mark_of
from tests.realtime.mirror import Mirror
from tests.realtime.replicas import Redis, Replica, terminate_connections
from tracker.core.database import Sessions
from tracker.core.redis import REDIS_TROUBLE, redis_client
from tracker.models import Role
from tracker.settings import Settings

ROLES = [Role.ADMIN] * 2 + [Role.MAINTAINER] * 8 + [Role.REPORTER] * 30
WRITERS = 14
"""The first so many people write: all of staff and some of the reporters."""
CHANGES = 2000
WRITING_AT_ONCE = 6
SETTLING_SECONDS = 60.0

_OWN = text("SELECT issue_id FROM events WHERE type = 'issue.created' AND actor_id = :id")


class Chaos:
    """Breaks things, one after the other, until cancelled."""

    def __init__(
        self, random: Random, mirrors: Sequence[Mirror], replicas: Sequence[Replica], redis: Redis, sessions: Sessions
    ) -> None:
        self._random = random
        self._mirrors = mirrors
        self._replicas = replicas
        self._redis = redis
        self._sessions = sessions
        self.done: list[str] = []

    async def run(self) -> None:
        means: list[Callable[[], Awaitable[None]]] = [
            self.drop_sockets,
            self.kill_replica,
            self.stop_replica,
            self.restart_redis,
            self.drop_redis_connections,
            self.drop_database_connections,
        ]
        while True:
            await asyncio.sleep(self._random.uniform(0.2, 2))
            mean = self._random.choice(means)
            await asyncio.shield(mean())
            self.done.append(mean.__name__)

    async def drop_sockets(self) -> None:
        for mirror in self._random.sample(self._mirrors, 8):
            mirror.drop()

    async def kill_replica(self) -> None:
        await self._replace(signal.SIGKILL)

    async def stop_replica(self) -> None:
        await self._replace(signal.SIGTERM)

    async def restart_redis(self) -> None:
        self._redis.stop()
        await asyncio.sleep(self._random.uniform(0, 2))
        self._redis.start()

    async def drop_redis_connections(self) -> None:
        with suppress(*REDIS_TROUBLE):
            async with redis_client(self._redis.url) as commands:
                kind = self._random.choice(["pubsub", "normal"])
                await commands.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")  # pyright: ignore[reportUnknownMemberType]

    async def drop_database_connections(self) -> None:
        async with self._sessions() as session:
            await terminate_connections(session)

    async def _replace(self, how: signal.Signals) -> None:
        replica = self._random.choice(self._replicas)
        await replica.end(how)
        await asyncio.sleep(self._random.uniform(0, 1))
        await replica.start()


async def test_nothing_is_lost_doubled_or_shown_to_the_wrong_person(
    settings: Settings, newcomer: Newcomer, sessions: Sessions
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 10**6)
    random = Random(seed)
    click.echo(f"CHAOS_SEED={seed}")
    async with installation(settings) as (replicas, redis, address):
        people = [await by_proxy(await newcomer(f"P{n}", role), address) for n, role in enumerate(ROLES)]
        mirrors = [Mirror(one, lambda: f"ws://{address}/api/ws", lambda one=one: one.token) for one in people]
        chaos = Chaos(random, mirrors, replicas, redis, sessions)
        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(mirror.run()) for mirror in mirrors]
            breaking = group.create_task(chaos.run())
            await _write(Work(people[:WRITERS], random), CHANGES)
            breaking.cancel()
            await asyncio.sleep(5)  # for what is being broken to be whole again
            for mirror in mirrors:
                await mirror.settle(SETTLING_SECONDS)
            for task in listening:
                task.cancel()
        for mirror in mirrors:
            await _judge(mirror, people, sessions)
        broken = {name: chaos.done.count(name) for name in sorted({*chaos.done})}
        connects, loads = sum(one.connects for one in mirrors), sum(one.loads for one in mirrors)
        click.echo(f"{broken}, {connects} connects, {loads} loads, {sum(len(one.applied) for one in mirrors)} events")
        for person in people:
            await person.aclose()


async def _write(work: Work, changes: int) -> None:
    """Changes as many things, whatever is away meanwhile."""
    done = 0

    async def write() -> None:
        nonlocal done
        while done < changes:
            try:
                answer = await work.step()
            except HTTPError:
                await asyncio.sleep(0.1)
                continue
            assert answer.status_code != 500, answer.text
            done += answer.is_success
            if answer.status_code > 500:
                await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITING_AT_ONCE):
            group.create_task(write())


async def _judge(mirror: Mirror, people: Sequence[Person], sessions: Sessions) -> None:
    async with sessions() as session:
        assert await mirror.missed(session) == set()
        assert mirror.doubled() == set()
        if mirror.person.role is not Role.REPORTER:
            return
        own = set(await session.scalars(_OWN, {"id": mirror.person.id}))
    raw = "".join(mirror.raw)
    for author in people:
        if author.role is Role.REPORTER and author.id != mirror.person.id:
            assert mark_of(author) not in raw
    told = {event["issue_id"] for frame in mirror.raw for event in json.loads(frame).get("events", ())}
    if told - own:
        pytest.fail(f"{mirror.person.name} was told of {told - own}")
