"""The background worker: every job by name, and arq made to outlive Redis."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC
from random import uniform
from typing import Any

import click
from arq import Retry, Worker, cron
from arq.connections import ArqRedis
from arq.cron import CronJob

from tracker.core.database import database_config, refusal_for, session_maker
from tracker.core.doorbell import Doorbell
from tracker.core.errors import Unavailable
from tracker.core.job_queue import queue
from tracker.core.jobs import Job, JobContext
from tracker.core.metrics import Metrics
from tracker.core.observability import configure_logging, tracing_of
from tracker.core.redis import REDIS_TROUBLE
from tracker.operations.jobs import JOBS, perform
from tracker.operations.status import telling_status
from tracker.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

JOB_SECONDS = 120
"""A job that takes longer is ended and goes on at its next run; one whose worker was killed is taken up after it."""

MAX_TRIES = 5
RESULT_SECONDS = 3600
"""For so long no worker whose clock is behind runs once more what another has done."""

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 10.0
STOP_SECONDS = 5.0


def arq_worker(redis: ArqRedis, context: JobContext, jobs: Iterable[Job] = JOBS.values()) -> Worker:
    """An arq worker that knows the jobs by name and starts them when they are due."""
    return Worker(
        cron_jobs=[_scheduled(job, context) for job in jobs],
        redis_pool=redis,
        handle_signals=False,
        timezone=UTC,
        job_timeout=JOB_SECONDS,
        keep_result=0,
        max_tries=MAX_TRIES,
        health_check_interval=30,
        job_serializer=redis.job_serializer,
        job_deserializer=redis.job_deserializer,
    )


def _scheduled(job: Job, context: JobContext) -> CronJob:
    async def run(ctx: dict[Any, Any]) -> None:
        try:
            await perform(job, context)
        except Exception as error:  # `perform` has logged it; the next run may do better
            if isinstance(refusal_for(error), Unavailable):
                raise Retry(defer=5 * 2 ** ctx["job_try"]) from error

    fields: dict[str, Any] = dict(job.schedule.fields)
    limits: dict[str, Any] = {"timeout": JOB_SECONDS, "keep_result": RESULT_SECONDS, "max_tries": MAX_TRIES}
    return cron(run, name=job.name, **fields, **limits)


async def keep_working(settings: Settings, stop: asyncio.Event, port: int | None = None) -> None:
    """Works until told to stop, and tells on that port how it does.

    arq gives up when Redis goes away; then it is started anew, with pauses that grow.

    Raises:
        SettingsError: there is no Redis to keep the schedules in.
    """
    if settings.redis_url is None:
        raise SettingsError("Set REDIS_URL: workers agree there on who runs what. Or run jobs by `tracker jobs run`.")
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(job_context(settings))
        if port:
            status = telling_status(port, sessions=context.sessions, redis_url=settings.redis_url, metrics=Metrics())
            await stack.enter_async_context(status)
        wait = FIRST_WAIT_SECONDS
        while not stop.is_set():
            started = time.monotonic()
            redis = queue(settings.redis_url)
            try:
                await _work(arq_worker(redis, context), stop)
            except REDIS_TROUBLE as error:
                logger.warning("no jobs are run: Redis does not answer", extra={"error": repr(error)})
            finally:
                with suppress(*REDIS_TROUBLE):
                    await redis.aclose(close_connection_pool=True)
            if time.monotonic() - started > LONGEST_WAIT_SECONDS:
                wait = FIRST_WAIT_SECONDS
            with suppress(TimeoutError):
                # Spread, so that all workers don't come back at once.
                await asyncio.wait_for(stop.wait(), wait * uniform(0.5, 1))  # noqa: S311
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def _work(worker: Worker, stop: asyncio.Event) -> None:
    """Runs the worker until it fails or is to stop; jobs under way are cancelled and taken up again later."""
    working, stopping = asyncio.create_task(worker.async_run()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        unfinished: set[asyncio.Task[Any]] = {working, stopping, *worker.tasks.values()}
        for task in unfinished:
            task.cancel()
        with suppress(TimeoutError):
            # Their errors are looked at, or asyncio would log each as forgotten.
            await asyncio.wait_for(asyncio.gather(*unfinished, return_exceptions=True), STOP_SECONDS)


@asynccontextmanager
async def job_context(settings: Settings) -> AsyncGenerator[JobContext]:
    database = database_config(settings)
    doorbell = Doorbell(settings.redis_url)
    context = JobContext(settings, session_maker(database), doorbell)
    tracing = tracing_of(settings, "tracker-worker", database.get_engine())
    try:
        yield replace(context, span=tracing.job) if tracing else context
    finally:
        await doorbell.aclose()
        await database.get_engine().dispose()
        if tracing:
            await tracing.aclose()


@click.command("worker")
@click.option("--port", envvar="WORKER_PORT", type=int, help="Where to tell health and figures; nowhere by default.")
def work(port: int | None) -> None:
    """Run background jobs when they are due, until SIGTERM. Any number of workers share them."""
    configure_logging()
    # What it says about each run, our own lines say in fields.
    logging.getLogger("arq.worker").setLevel(logging.WARNING)
    asyncio.run(_work_until_signal(Settings.from_environment(), port))


async def _work_until_signal(settings: Settings, port: int | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logger.info("worker started", extra={"jobs": list(JOBS)})
    await keep_working(settings, stop, port)
    logger.info("worker stopped")


@click.group("jobs")
def job_commands() -> None:
    """Background jobs, by hand."""


@job_commands.command("list")
def list_jobs() -> None:
    """What runs when, in UTC."""
    for job in JOBS.values():
        click.echo(f"{job.name:<25} {job.schedule.description:<16} {job.summary}")


@job_commands.command("run")
@click.argument("name", type=click.Choice(list(JOBS)))
@click.option("--dry-run", is_flag=True, help="Only say what it would do, if it can tell.")
def run_job(name: str, *, dry_run: bool) -> None:
    """Run one job now, in this process; needs no Redis."""
    configure_logging()
    asyncio.run(_preview_job(name) if dry_run else _run_job(name))


async def _run_job(name: str) -> None:
    async with job_context(Settings.from_environment()) as context:
        await perform(JOBS[name], context)


async def _preview_job(name: str) -> None:
    preview = JOBS[name].preview
    if preview is None:
        raise click.ClickException(f"{name} can't tell beforehand what it would do")
    async with job_context(Settings.from_environment()) as context:
        for line in await preview(context):
            click.echo(line)
