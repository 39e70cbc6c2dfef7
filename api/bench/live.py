"""How live updates hold up: sockets on real API processes, changes by HTTP, and how long each takes to be seen.

Every socket belongs to a different member of staff, so every change goes to every socket, each with a cursor of its
own: the most expensive audience. The time of a change is taken inside its transaction, before the commit, so what
is measured is a little more than commit → frame. The load is made by this one process.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from random import Random
from uuid import UUID

import click
import psutil
import uvloop
from sqlalchemy import text

from bench.wire import HttpConnection, Swarm
from tracker.accounts.tokens import Tokens
from tracker.core.database import database_config, session_maker
from tracker.core.migrations import migrations
from tracker.local import Databases, ephemeral
from tracker.local.stack import free_port
from tracker.settings import Settings

SECRET_KEY = "a secret for measuring, 32 bytes or more"  # noqa: S105  # of a database that is thrown away
WRITERS = 16
ISSUES = 500
DRAIN_SECONDS = 30.0

_PEOPLE = text("""
    WITH people AS (
        INSERT INTO users (email, full_name, role)
        SELECT 'p' || n || '@example.com', 'Person ' || n, 'maintainer' FROM generate_series(1, :people) AS n
        RETURNING id
    )
    INSERT INTO sessions (user_id, user_agent, ip, expires_at)
    SELECT id, 'bench', '', now() + interval '1 day' FROM people RETURNING user_id, id
""")
_FILED = text("""
    INSERT INTO issues (title, description, reporter_id, tags, tag_keys)
    SELECT 'Login fails after the session expires, case ' || n, repeat('Sign in, wait ten minutes. ', 40),
           (SELECT min(id) FROM users), '{login,session}', '{login,session}'
    FROM generate_series(1, :issues) AS n RETURNING id
""")


@dataclass
class Outcome:
    """What one run measured; times in milliseconds, processor time in percent of one core."""

    replicas: int
    sockets: int
    rate: float
    changes: int
    written_a_second: float
    p50: float
    p99: float
    longest: float
    batch: float
    api_cpu: float
    load_cpu: float
    lost: int
    closed: int

    HEAD = "replicas sockets  rate/s  done/s  p50 ms  p99 ms  max ms  events/frame  API cpu%  load cpu%  lost  closed"

    def __str__(self) -> str:
        return (
            f"{self.replicas:8} {self.sockets:7} {self.rate:7.0f} {self.written_a_second:7.1f} {self.p50:7.1f} "
            f"{self.p99:7.1f} {self.longest:7.0f} {self.batch:13.2f} {self.api_cpu:9.0f} {self.load_cpu:10.0f} "
            f"{self.lost:5} {self.closed:7}"
        )


class Bench:
    def __init__(self, databases: Databases, people: int) -> None:
        self._environment = {
            "DATABASE_URL": databases.database_url,
            "REDIS_URL": databases.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "RATE_LIMITS": "off",
        }
        self._settings = Settings.from_environment(self._environment)
        self._people = people
        self._devices: list[tuple[int, UUID]] = []
        self._issue_ids: list[int] = []
        self._changes = 0

    async def fill(self) -> None:
        database = database_config(self._settings, patient=True)
        async with session_maker(database)() as session:
            rows = await session.execute(_PEOPLE, {"people": self._people})
            self._devices = [(row.user_id, row.id) for row in rows]
            self._issue_ids = list(await session.scalars(_FILED, {"issues": ISSUES}))
            await session.commit()
        await database.get_engine().dispose()

    def _tokens(self) -> list[str]:
        """Fresh ones, because a whole bench takes longer than they last."""
        tokens = Tokens(self._settings)
        return [tokens.issue(user_id, session_id) for user_id, session_id in self._devices]

    @asynccontextmanager
    async def replicas(self, count: int) -> AsyncGenerator[list[tuple[int, psutil.Process]]]:
        """API processes that answer, with their ports."""
        started = [self._start() for _ in range(count)]
        try:
            for port, process in started:
                await _until_ready(port, process)
            yield [(port, psutil.Process(process.pid)) for port, process in started]
        finally:
            for _, process in started:
                process.terminate()
            for _, process in started:
                process.wait(15)

    def _start(self) -> tuple[int, subprocess.Popen[bytes]]:
        port = free_port()
        command = [Path(sys.executable).parent / "tracker", "serve", "--port", str(port)]
        return port, subprocess.Popen(command, env=self._environment, stderr=subprocess.DEVNULL)

    async def run(self, *, replicas: int, sockets: int, rate: float, seconds: float) -> Outcome:
        tokens = self._tokens()
        async with self.replicas(replicas) as processes:
            ports = [port for port, _ in processes]
            swarm = Swarm()
            await swarm.connect([(ports[n % replicas], tokens[n]) for n in range(sockets)])
            writers = [await HttpConnection.open(ports[n % replicas], tokens[0]) for n in range(WRITERS)]
            swarm.expect(await self._write(writers, rate, 1.0))  # warms everything up
            await swarm.drain(DRAIN_SECONDS)
            swarm.forget()
            own = psutil.Process()
            before, own_before = [_cpu(process) for _, process in processes], _cpu(own)
            started = time.monotonic()
            written = await self._write(writers, rate, seconds)
            took = time.monotonic() - started
            cpu = [_cpu(process) - was for (_, process), was in zip(processes, before, strict=True)]
            own_cpu = _cpu(own) - own_before
            swarm.expect(written)
            await swarm.drain(DRAIN_SECONDS)
            latencies = sorted(swarm.latencies)
            outcome = Outcome(
                replicas=replicas,
                sockets=sockets,
                rate=rate,
                changes=len(written),
                written_a_second=len(written) / took,
                p50=1000 * statistics.median(latencies),
                p99=1000 * latencies[int(len(latencies) * 0.99)],
                longest=1000 * latencies[-1],
                batch=len(latencies) / max(1, swarm.frames),
                api_cpu=100 * sum(cpu) / took,
                load_cpu=100 * own_cpu / took,
                lost=swarm.missing(),
                closed=swarm.closed,
            )
            for writer in writers:
                writer.close()
            swarm.close()
            return outcome

    async def memory(self, sockets: int) -> float:
        """Kilobytes of the API process for each idle socket."""
        tokens = self._tokens()
        async with self.replicas(1) as [(port, process)]:
            warm = Swarm()
            await warm.connect([(port, tokens[n]) for n in range(50)])
            before = process.memory_info().rss
            swarm = Swarm()
            await swarm.connect([(port, tokens[n]) for n in range(50, 50 + sockets)])
            await asyncio.sleep(2)
            after = process.memory_info().rss
            swarm.close()
            warm.close()
            return (after - before) / sockets / 1000

    async def _write(self, writers: list[HttpConnection], rate: float, seconds: float) -> list[int]:
        """Changes issues at random moments, `rate` a second, and gives the ids of the events."""
        random = Random(1)  # noqa: S311  # the same load each time
        free: asyncio.Queue[HttpConnection] = asyncio.Queue()
        for writer in writers:
            free.put_nowait(writer)
        event_ids: list[int] = []

        async def change(writer: HttpConnection) -> None:
            self._changes += 1
            issue_id = self._issue_ids[self._changes % ISSUES]
            title = f"Login fails, {self._changes} times"  # never the one that is there, which would be no change
            event_ids.extend(await writer.patch(f"/issues/{issue_id}", {"title": title}))
            free.put_nowait(writer)

        tasks: list[asyncio.Task[None]] = []
        start = due = time.monotonic()
        while due < start + seconds:
            if (early := due - time.monotonic()) > 0:  # else it catches up, without waiting for the sockets
                await asyncio.sleep(early)
            tasks.append(asyncio.create_task(change(await free.get())))
            due += random.expovariate(rate)
        await asyncio.gather(*tasks)
        return event_ids


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with suppress(OSError):
            connection = await HttpConnection.open(port, "")
            ready = await connection.get("/health/ready") == HTTPStatus.OK
            connection.close()
            if ready:
                return
        await asyncio.sleep(0.1)
    raise click.ClickException("the API does not start")


@contextmanager
def _databases() -> Generator[Databases]:
    with ephemeral() as databases:
        environment = {
            "DATABASE_URL": databases.database_url,
            "REDIS_URL": databases.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "RATE_LIMITS": "off",
        }
        migrations(Settings.from_environment(environment)).upgrade()
        yield databases


@click.command()
@click.option("--seconds", default=30.0, show_default=True, help="How long each rate is held.")
@click.option("--rates", default="20,40,80", show_default=True, help="Changes a second, at 1,000 sockets.")
@click.option("--scale", default="250,1000,4000", show_default=True, help="Numbers of sockets, at 20 changes a second.")
def main(seconds: float, rates: str, scale: str) -> None:
    """Measure commit → frame, processor time and memory of live updates."""
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    counts = [int(number) for number in scale.split(",") if number]

    async def measure(databases: Databases) -> None:
        bench = Bench(databases, people=max([*counts, 1000]) + 50)
        await bench.fill()
        click.echo(f"memory: {await bench.memory(1000):.1f} kB for each of 1,000 idle sockets\n")
        click.echo(Outcome.HEAD)
        for rate in (float(rate) for rate in rates.split(",") if rate):
            click.echo(await bench.run(replicas=1, sockets=1000, rate=rate, seconds=seconds))
        for count in counts:
            for replicas in (1, 2):
                click.echo(await bench.run(replicas=replicas, sockets=count, rate=20, seconds=seconds))

    with _databases() as databases:
        uvloop.run(measure(databases))


if __name__ == "__main__":
    main()
