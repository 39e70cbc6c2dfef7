"""An installation as it is run, every part of which can be killed and started again."""

import signal
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from httpx import AsyncHTTPTransport

from tests.people import Person
from tests.proxy import nginx
from tests.realtime.replicas import Redis, Replica
from tracker.settings import Settings


@asynccontextmanager
async def installation(settings: Settings) -> AsyncGenerator[tuple[Sequence[Replica], Redis, str]]:
    """Two replicas and a worker behind nginx, with a Redis that may be stopped."""
    with tempfile.TemporaryDirectory() as directory:
        redis = Redis(Path(directory))
        chosen = msgspec.structs.replace(settings, redis_url=redis.url)
        replicas, worker = [Replica(chosen), Replica(chosen)], Replica(chosen, "worker")
        try:
            worker.spawn()
            for replica in replicas:
                await replica.start()
            async with nginx([each.address for each in replicas]) as proxy:
                yield replicas, redis, proxy.web
        finally:
            for process in (*replicas, worker):
                await process.end(signal.SIGKILL)
            redis.stop()


async def by_proxy(person: Person, address: str) -> Person:
    """The same person, at the front door."""
    other = Person(AsyncHTTPTransport(), person.id, person.name, person.role, person.email)
    other.base_url = f"http://{address}/api"
    other.sign_in_with(person.token)
    return other
