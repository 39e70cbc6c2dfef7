"""Bodies of the operations about background jobs and the state of the installation."""

from datetime import datetime
from enum import StrEnum

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
    next_run_at: datetime
    """If a worker is there to run it."""
    last_run: JobRunView | None
    last_success_at: datetime | None
    runs: int
    failures: int


class CheckStatus(StrEnum):
    OK = "ok"
    FAILING = "failing"
    UNUSED = "unused"
    """The installation does without it."""


class CheckView(Output):
    """Something that the tracker needs, and whether it does its part just now."""

    name: str
    """`database`, `redis`, `worker`, `files` or `scanner`."""
    status: CheckStatus
    milliseconds: int
    """How long it took to find out."""
    detail: str
    """What is so, and what it means."""
