"""Keeps what became of each job's last run."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.models import JobRun


class JobRuns:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> dict[str, JobRun]:
        return {run.name: run for run in await self._session.scalars(select(JobRun))}

    async def note(
        self, name: str, *, started_at: datetime, ended_at: datetime, affected: int | None, error: str | None
    ) -> None:
        """Writes down how a run ended; a run that began before the last one noted only counts."""
        milliseconds = round((ended_at - started_at).total_seconds() * 1000)
        latest: dict[str, Any] = {
            "started_at": started_at,
            "milliseconds": milliseconds,
            "succeeded": error is None,
            "affected": affected,
            "error": error,
        }
        new = insert(JobRun).values(
            name=name,
            succeeded_at=ended_at if error is None else None,
            runs=1,
            failures=0 if error is None else 1,
            **latest,
        )
        is_latest = JobRun.started_at <= literal(started_at)
        await self._session.execute(
            new.on_conflict_do_update(
                index_elements=[JobRun.name],
                set_={
                    **{
                        column: case((is_latest, new.excluded[column]), else_=getattr(JobRun, column))
                        for column in latest
                    },
                    "succeeded_at": JobRun.succeeded_at if error else new.excluded["succeeded_at"],
                    "runs": JobRun.runs + 1,
                    "failures": JobRun.failures + new.excluded["failures"],
                },
            )
        )
