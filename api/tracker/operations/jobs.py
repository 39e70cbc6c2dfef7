"""Every background job by name, and running one."""

import logging

from tracker.accounts.jobs import FORGET_SESSIONS
from tracker.attachments.jobs import (
    REMOVE_DISCARDED_FILES,
    REMOVE_EXPIRED_FILES,
    SCAN_FILES,
    SWEEP_ORPHANED_FILES,
)
from tracker.core.jobs import Job, JobContext
from tracker.core.retention import FORGET_IDEMPOTENCY_KEYS
from tracker.core.transaction import Transaction
from tracker.imports.jobs import RUN_IMPORTS
from tracker.issues.jobs import PURGE_TRASH
from tracker.operations.runs import JobRuns
from tracker.statistics.jobs import REFRESH_DAILY_STATS

logger = logging.getLogger(__name__)

JOBS = {
    job.name: job
    for job in (
        REFRESH_DAILY_STATS,
        RUN_IMPORTS,
        SCAN_FILES,
        REMOVE_DISCARDED_FILES,
        PURGE_TRASH,
        REMOVE_EXPIRED_FILES,
        SWEEP_ORPHANED_FILES,
        FORGET_SESSIONS,
        FORGET_IDEMPOTENCY_KEYS,
    )
}


async def perform(job: Job, context: JobContext) -> int:
    """Runs a job, logs what became of it and keeps that for the admins; returns how many things it changed."""
    run = _Run(job, context)
    try:
        with context.span(job.name):
            affected = await job.run(context)
    except Exception as error:
        logger.exception("job failed", extra=run.described())
        await run.keep(affected=None, error=type(error).__name__)
        raise
    logger.info("job finished", extra=run.described() | {"affected": affected})
    await run.keep(affected=affected, error=None)
    return affected


class _Run:
    def __init__(self, job: Job, context: JobContext) -> None:
        self._job = job
        self._context = context
        self._started_at = context.clock()

    def described(self) -> dict[str, object]:
        taken = self._context.clock() - self._started_at
        return {"job": self._job.name, "milliseconds": round(taken.total_seconds() * 1000)}

    async def keep(self, *, affected: int | None, error: str | None) -> None:
        try:
            async with self._context.sessions() as session, Transaction(session):
                await JobRuns(session).note(
                    self._job.name,
                    started_at=self._started_at,
                    ended_at=self._context.clock(),
                    affected=affected,
                    error=error,
                )
        except Exception:
            logger.exception("the run of a job can't be written down", extra={"job": self._job.name})
