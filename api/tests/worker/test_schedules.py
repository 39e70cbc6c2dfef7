"""When the worker runs what, and how often."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from arq import Retry, Worker
from arq.connections import ArqRedis

from tests.worker.conftest import At
from tracker.core.jobs import NIGHTLY, Job, JobContext
from tracker.operations.jobs import JOBS
from tracker.worker import arq_worker

# Past, because arq starts at once what was due before the real now.
TWO_O_CLOCK = datetime(2026, 3, 29, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Diary:
    """A nightly job that writes down when it ran."""

    def __init__(self) -> None:
        self.entries: list[datetime] = []
        self.job = Job("diary", "Writes.", self._run, NIGHTLY)

    async def _run(self, context: JobContext) -> int:
        self.entries.append(context.clock())
        return 1


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def run_queued(*workers: Worker) -> None:
    for worker in workers:
        worker.burst = True
        for job in worker.cron_jobs:
            job.next_run = None  # or arq would make up for every night between then and now
    await asyncio.gather(*(worker.async_run() for worker in workers))


async def pass_time(worker: Worker, moment: datetime) -> None:
    """Lets the worker see the moment approach and come."""
    for job in worker.cron_jobs:
        job.next_run = None
    await worker.run_cron(moment - SECOND * 30, 0.5)
    await worker.run_cron(moment, 0.5)


async def test_nightly_jobs_are_due_at_two_o_clock_utc_and_not_at_other_times(
    redis: ArqRedis, at: At, diary: Diary
) -> None:
    worker = arq_worker(redis, at(TWO_O_CLOCK), [diary.job])
    await pass_time(worker, TWO_O_CLOCK - timedelta(hours=1))
    await pass_time(worker, TWO_O_CLOCK - timedelta(minutes=1))
    assert await redis.queued_jobs() == []
    await pass_time(worker, TWO_O_CLOCK)
    await run_queued(worker)
    assert diary.entries == [TWO_O_CLOCK]


async def test_a_job_runs_once_however_many_workers_there_are(redis: ArqRedis, at: At, diary: Diary) -> None:
    workers = [arq_worker(redis, at(TWO_O_CLOCK), [diary.job]) for _ in range(5)]
    await asyncio.gather(*(pass_time(worker, TWO_O_CLOCK) for worker in workers))
    await run_queued(*workers)
    assert diary.entries == [TWO_O_CLOCK]


async def test_a_worker_whose_clock_is_behind_does_not_run_it_again(redis: ArqRedis, at: At, diary: Diary) -> None:
    first, late = (arq_worker(redis, at(TWO_O_CLOCK), [diary.job]) for _ in range(2))
    await pass_time(first, TWO_O_CLOCK)
    await run_queued(first)
    await pass_time(late, TWO_O_CLOCK)
    assert await redis.queued_jobs() == []
    assert len(diary.entries) == 1


async def test_it_runs_every_night(redis: ArqRedis, at: At, diary: Diary) -> None:
    worker = arq_worker(redis, at(TWO_O_CLOCK), [diary.job])
    for night in range(3):
        await pass_time(worker, TWO_O_CLOCK + timedelta(days=night))
        await run_queued(worker)
    assert len(diary.entries) == 3


async def test_a_failing_job_does_not_keep_others_from_running(redis: ArqRedis, at: At, diary: Diary) -> None:
    async def fail(_: JobContext) -> int:
        raise ValueError("broken")

    worker = arq_worker(redis, at(TWO_O_CLOCK), [Job("broken", "Fails.", fail, NIGHTLY), diary.job])
    await pass_time(worker, TWO_O_CLOCK)
    await run_queued(worker)
    assert diary.entries == [TWO_O_CLOCK]
    assert await redis.queued_jobs() == []


async def test_a_job_is_tried_again_when_the_database_was_away(redis: ArqRedis, at: At) -> None:
    async def fail(_: JobContext) -> int:
        raise ConnectionRefusedError

    worker = arq_worker(redis, at(TWO_O_CLOCK), [Job("unlucky", "Fails.", fail, NIGHTLY)])
    with pytest.raises(Retry):
        await worker.functions["unlucky"].coroutine({"job_try": 1})


async def test_what_is_in_the_queue_is_never_unpickled(redis: ArqRedis, at: At, diary: Diary) -> None:
    poison = b"cposix\nsystem\n(S'exit 1'\ntR."
    await redis.psetex("arq:job:poison", 60_000, poison)
    await redis.zadd("arq:queue", {"poison": 1})
    await run_queued(arq_worker(redis, at(TWO_O_CLOCK), [diary.job]))
    assert await redis.queued_jobs() == []
    assert diary.entries == []


def test_the_nightly_jobs_are_those_of_the_contract() -> None:
    assert {name for name, job in JOBS.items() if job.schedule is NIGHTLY} >= {
        "purge-trash",
        "forget-sessions",
        "forget-idempotency-keys",
    }
