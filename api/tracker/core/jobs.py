"""What a background job is, whoever starts it: a schedule, the command line or a test."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from arq.cron import next_cron
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.clock import Clock, utc_now
from tracker.core.database import Sessions
from tracker.core.doorbell import Doorbell
from tracker.core.transaction import Transaction
from tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class JobContext:
    """What jobs work with."""

    settings: Settings
    sessions: Sessions
    doorbell: Doorbell | None = None
    clock: Clock = utc_now
    span: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
    """What a run is traced by, given the job's name."""

    async def in_batches(self, batch: Callable[[AsyncSession], Awaitable[int]]) -> int:
        """Repeats a batch, each time in a transaction of its own, until there is nothing left for it to do.

        A job that is killed on the way has finished all batches but the last, and goes on there next time.

        Returns:
            How much all batches did together.
        """
        total = 0
        while True:
            async with self.sessions() as session, Transaction(session, doorbell=self.doorbell):
                done = await batch(session)
            if not done:
                return total
            total += done


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again. It may be ended at any point, and be run at any time and twice at once."""

    name: str
    summary: str
    run: Callable[[JobContext], Awaitable[int]]
    """Returns how many things it changed or removed."""
    schedule: "Schedule"
    preview: "Callable[[JobContext], Awaitable[Sequence[str]]] | None" = None
    """Returns what `run` would do now, a line for each thing, and does nothing."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due, in UTC."""

    description: str
    fields: Mapping[str, int | set[int]]
    """Hour, minute and so on, as arq's `cron` takes them."""

    def next_after(self, moment: datetime) -> datetime:
        """When it is due the next time, by the reckoning of those who start it."""
        fields: dict[str, Any] = dict(self.fields)
        return next_cron(moment.astimezone(UTC), **fields, microsecond=0)


NIGHTLY = Schedule("daily at 02:00", {"hour": 2, "minute": 0})
