"""How requests hold up as issues grow: rate, delay, and how far above the least that the same SQL can take.

The API and the floor are processes of their own, measured in turn over loopback; this process makes the load. All
share this machine's cores with PostgreSQL, which does not wait for the disk here (`fsync=off`).
"""

import multiprocessing
import os
import signal
import statistics
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import click
import psutil
import uvloop
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from bench.capture import captured
from bench.fill import PASSWORD, connect, fill
from bench.floor import Sample, serve_floor
from bench.load import Request, Timing, measure
from bench.operations import OPERATIONS, Caller, Operation, callers
from bench.report import Beside, Measured, Results, read, write
from bench.serving import serving, settings_of, until_answering
from tracker.accounts.viewer import Viewer
from tracker.app import create_app
from tracker.core.database import database_config, session_maker
from tracker.core.migrations import migrations
from tracker.core.transaction import Transaction
from tracker.local import Databases, ephemeral
from tracker.local.stack import free_port
from tracker.models import Role
from tracker.statistics.daily import DailyStats
from tracker.statistics.dashboard import compute_dashboard
from tracker.statistics.window import Window

RESULTS = Path("bench-results")
REQUESTS, SAMPLES = 4000, 64
"""As many different ones are sent over and over; of as many, the floor replays the SQL."""
REPEATS = 5

Samples = dict[tuple[str, str], list[Sample]]


class Rounds(NamedTuple):
    """How each operation is measured."""

    connections: Sequence[int]
    seconds: float
    repeats: int


class Bench:
    """One size."""

    def __init__(self, databases: Databases, operations: Sequence[Operation], rounds: Rounds) -> None:
        self._databases = databases
        self._operations = operations
        self._rounds = rounds
        self._settings = settings_of(databases)
        self._callers: list[Caller] = []

    async def fill(self, issues: int) -> float:
        started = time.monotonic()
        password_hash = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1).hash(PASSWORD)
        await fill(self._databases.database_url, issues, password_hash=password_hash)
        connection = await connect(self._databases.database_url)
        self._callers = await callers(connection, issues)
        await connection.close()
        return time.monotonic() - started

    async def statistics(self) -> tuple[float, float]:
        """What the dashboard and the statistics job take, in milliseconds."""
        database = database_config(self._settings, patient=True)
        sessions = session_maker(database)
        window = Window(days=30, zone=ZoneInfo("UTC"), now=datetime.now(UTC))
        jobs: list[float] = []
        figures: list[float] = []
        for _ in range(REPEATS + 1):  # the first run counts all days, and warms up
            started = time.perf_counter()
            async with sessions() as session, Transaction(session):
                await DailyStats(session).refresh(datetime.now(UTC))
            jobs.append(time.perf_counter() - started)
            started = time.perf_counter()
            await compute_dashboard(sessions, Viewer(id=1, role=Role.ADMIN), window)
            figures.append(time.perf_counter() - started)
        await database.get_engine().dispose()
        return 1000 * statistics.median(figures[1:]), 1000 * statistics.median(jobs[1:])

    async def samples(self) -> Samples:
        """What the API sends to the database, operation by operation."""
        app = create_app(self._settings)
        async with app.lifespan():
            return {
                (operation.name, caller.name): await self._sample(app, operation, caller)
                for operation in self._operations
                for caller in self._callers
            }

    async def _sample(self, app: Litestar, operation: Operation, caller: Caller) -> list[Sample]:
        found: list[Sample] = []
        headers = {"Authorization": f"Bearer {app.state.tokens.issue(caller.user_id, caller.session_id)}"}
        transport = ASGITransport(cast("Any", app))
        async with AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            for number in range(SAMPLES if operation.has_floor else 3):
                request = operation.ask(caller, REQUESTS + number)
                json = {"Content-Type": "application/json"} if request.body else {}
                with captured(app) as capture:
                    answer = await client.request(request.method, request.path, content=request.body, headers=json)
                answer.raise_for_status()
                found.append(capture.sample)
        return found

    async def run(self, port: int, floor_port: int, samples: Samples, issues: int) -> list[Measured]:
        app = create_app(self._settings)
        results: list[Measured] = []
        for operation in self._operations:
            for caller in self._callers:
                token = app.state.tokens.issue(caller.user_id, caller.session_id)
                requests = [operation.ask(caller, number).encoded(token) for number in range(REQUESTS)]
                name = _floor_name(operation.name, caller.name)
                floor_requests = [Request("POST" if operation.writes else "GET", f"/{name}").encoded("")]
                for at_once in self._rounds.connections:
                    api, floor = await self._in_turn(
                        (port, requests), (floor_port, floor_requests) if operation.has_floor else None, at_once
                    )
                    taken = samples[operation.name, caller.name][1:]
                    measured = Measured(
                        issues=issues,
                        operation=operation.name,
                        caller=caller.name,
                        at_once=at_once,
                        api=api,
                        floor=floor,
                        statements=len(taken[0].statements),
                        sql_milliseconds=statistics.median(sample.milliseconds for sample in taken),
                    )
                    results.append(measured)
                    click.echo(_line(measured))
        return results

    async def _in_turn(
        self, api: tuple[int, Sequence[bytes]], floor: tuple[int, Sequence[bytes]] | None, at_once: int
    ) -> tuple[Timing, Timing | None]:
        """The fastest of several rounds each: whatever else the machine does makes only slower."""
        of_api: list[Timing] = []
        of_floor: list[Timing] = []
        for _ in range(self._rounds.repeats):
            of_api.append(await measure(*api, at_once=at_once, seconds=self._rounds.seconds))
            if floor:
                of_floor.append(await measure(*floor, at_once=at_once, seconds=self._rounds.seconds))
        return _fastest(of_api), _fastest(of_floor) if of_floor else None


def _fastest(timings: Sequence[Timing]) -> Timing:
    return max(timings, key=lambda timing: timing.a_second)


def _floor_name(operation: str, caller: str) -> str:
    return f"{operation}-{caller}".replace(" ", "-")


def _line(measured: Measured) -> str:
    floor = f"{measured.api.a_second / measured.floor.a_second:4.0%} of floor" if measured.floor else ""
    return (
        f"{measured.issues:9,} {measured.operation:14} {measured.caller:9} x{measured.at_once:<3} "
        f"{measured.api.a_second:8,.0f}/s  p50 {measured.api.p50:7.2f}  p95 {measured.api.p95:7.2f}  p99 {measured.api.p99:7.2f} ms  "
        f"{measured.statements} statements in {measured.sql_milliseconds:6.2f} ms  {floor}"
    )


@contextmanager
def _floor(url: str, samples: Samples) -> Generator[int]:
    port = free_port()
    by_name = {_floor_name(*key): of_key for key, of_key in samples.items()}
    process = multiprocessing.get_context("spawn").Process(target=serve_floor, args=(url, port, 16, by_name))
    process.start()
    try:
        until_answering(port, "/")
        yield port
    finally:
        if process.pid:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        process.join(15)


def measure_size(
    issues: int, operations: Sequence[Operation], rounds: Rounds, *, workers: int, profile: Path | None
) -> Results:
    with ephemeral() as databases:
        migrations(settings_of(databases)).upgrade()
        bench = Bench(databases, operations, rounds)
        filled = uvloop.run(bench.fill(issues))
        click.echo(f"{issues:,} issues filled in {filled:.0f} s")
        dashboard, job = uvloop.run(bench.statistics())
        click.echo(f"dashboard computed in {dashboard:.0f} ms, statistics job in {job:.0f} ms")
        samples = uvloop.run(bench.samples())
        with (
            _floor(databases.database_url, samples) as floor_port,
            serving(databases, workers=workers, profile=profile) as (port, pid),
        ):
            measured = uvloop.run(bench.run(port, floor_port, samples, issues))
            resident = _megabytes(pid)
        click.echo(f"the API takes {resident:.0f} MB\n")
        beside = Beside(
            issues=issues,
            fill_seconds=filled,
            dashboard_milliseconds=dashboard,
            job_milliseconds=job,
            resident_megabytes=resident,
        )
        return Results(measured, [beside])


def _megabytes(pid: int) -> float:
    """Of a process and those that it keeps; what they share counts once."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children()]
    return sum(process.memory_full_info().pss for process in processes) / 1e6


@click.command()
@click.option("--sizes", default="10000 100000", show_default=True, help="Numbers of issues.")
@click.option("--only", default="", help="Operations, separated by commas; all by default.")
@click.option("--connections", default="1 16", show_default=True, help="Numbers of connections that ask at once.")
@click.option("--seconds", default=1.0, show_default=True, help="How long each measurement takes.")
@click.option("--repeats", default=2, show_default=True, help="How often each is repeated; the fastest counts.")
@click.option("--workers", default=1, show_default=True, help="API_WORKERS: how many processes answer.")
@click.option("--output", type=click.Path(path_type=Path), help="The table; by default under bench-results/.")
@click.option("--compare", type=click.Path(path_type=Path, exists=True), help="The JSON of an earlier run.")
@click.option("--profile", type=click.Path(path_type=Path), help="Run the API under cProfile, which writes this file.")
def main(
    sizes: str,
    only: str,
    connections: str,
    seconds: float,
    repeats: int,
    workers: int,
    output: Path | None,
    compare: Path | None,
    profile: Path | None,
) -> None:
    """Measure all that people do most, at several sizes."""
    chosen = [name.strip() for name in only.split(",") if name.strip()] or [one.name for one in OPERATIONS]
    operations = [operation for operation in OPERATIONS if operation.name in chosen]
    if len(operations) != len(chosen):
        raise click.ClickException(f"the operations are {', '.join(one.name for one in OPERATIONS)}")
    before = sorted(RESULTS.glob("*.json"))
    earlier = compare or (before[-1] if before else None)
    rounds = Rounds([int(number) for number in connections.split()], seconds, repeats)
    results = Results([], [])
    for size in sizes.split():
        of_size = measure_size(int(size), operations, rounds, workers=workers, profile=profile)
        results.measured += of_size.measured
        results.beside += of_size.beside
    path = output or RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.md"
    text = write(results, read(earlier) if earlier else None, path)
    click.echo(f"{text}\nkept in {path}" + (f", compared with {earlier}" if earlier else ""))


if __name__ == "__main__":
    main()
