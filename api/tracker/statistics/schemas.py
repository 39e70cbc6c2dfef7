"""Bodies of the statistics operations."""

from datetime import date, datetime

from tracker.core.schema import Output, PersonRef
from tracker.issues.tags import TagCount
from tracker.models import Severity, Status


class StatusCounts(Output):
    """Issues by status."""

    open: int = 0
    triaged: int = 0
    in_progress: int = 0
    done: int = 0
    cancelled: int = 0


class SeverityCounts(Output):
    """Issues by severity."""

    low: int = 0
    medium: int = 0
    high: int = 0
    critical: int = 0


class DayStatus(StatusCounts, kw_only=True):
    """Issues by status at the end of a UTC day; for today, so far."""

    day: date


class DayFlow(Output):
    """What came in and what went out on a day of the time zone asked for."""

    day: date
    opened: int
    done: int
    cancelled: int
    """Closed without being finished: counted apart, because it is no finished work."""


class DurationBucket(Output):
    """How often something took less than this, but no less than the bucket before it says."""

    below_seconds: int | None
    """Null in the last bucket, which has no end."""
    count: int


class Duration(Output):
    """How long something took, in seconds; null when nothing happened in the window."""

    count: int
    median_seconds: float | None
    p85_seconds: float | None
    distribution: list[DurationBucket]
    """Always the same buckets, from an hour to a quarter of a year and longer."""


class PersonCount(Output):
    person: PersonRef
    count: int


class OldIssue(Output):
    id: int
    title: str
    status: Status
    severity: Severity
    created_at: datetime


class DashboardStats(Output):
    """The dashboard's figures, over the issues that the viewer may see.

    An issue that was reopened is open: it counts as closed only when it is closed again, on the day and with the
    time of its last closing. Cancelled issues are closed, but never finished work: they are left out of
    `time_to_close`. Trashed issues count nowhere.
    """

    days: int
    """Length of the window that ends today."""
    tz: str
    """The time zone that cuts the days of `flow`."""
    computed_at: datetime
    total: int
    by_status: StatusCounts
    by_severity: SeverityCounts
    open_by_severity: SeverityCounts
    """Of what is neither done nor cancelled."""
    unassigned: int
    """Open ones that nobody works on."""
    my_open: int
    """Open ones assigned to the viewer; for reporters, those that they filed."""
    oldest_open: list[OldIssue]
    """The five that have been waiting longest."""
    flow: list[DayFlow]
    time_to_triage: Duration
    """From filing to the first status other than open, for what was triaged in the window."""
    time_to_close: Duration
    """From filing to the last closing, for what was done in the window."""
    top_tags: list[TagCount]
    """The ten most used on open issues."""
    top_reporters: list[PersonCount] | None
    """Who filed most in the window. Staff only."""
    top_assignees: list[PersonCount] | None
    """Who has most open issues. Staff only."""
    status_history: list[DayStatus]
    """The end of each UTC day in the window; today as of now."""
