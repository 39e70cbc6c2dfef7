"""Bodies of the operations about background jobs."""

from datetime import datetime

from tracker.core.schema import Output


class JobRunView(Output):
    started_at: datetime
    milliseconds: int
    succeeded: bool
    affected: int | None
    """How many things it changed or removed; null when it failed."""
    error: str | None
    """The kind of error that ended it; the worker's log tells the rest."""


class JobView(Output):
    """A background job and its last run."""

    name: str
    summary: str
    schedule: str
    """In UTC."""
    last_run: JobRunView | None
    last_success_at: datetime | None
    runs: int
    failures: int
