"""What a change of status does to an issue's times."""

from datetime import datetime
from typing import NamedTuple

from tracker.models import CLOSED_STATUSES, Issue, Status


class Times(NamedTuple):
    triaged_at: datetime | None
    closed_at: datetime | None


def times_after(before: Times, *, was: Status | None, now: Status, at: datetime) -> Times:
    """The times that follow from a status that an issue has since `at`.

    Triage is the first status other than open, and happens once. Between done and cancelled an issue stays
    closed since when it was; a reopened one is not closed any more, and counts again when it is.
    """
    triaged_at, closed_at = before
    if now is not Status.OPEN and triaged_at is None:
        triaged_at = at
    if now not in CLOSED_STATUSES:
        closed_at = None
    elif was not in CLOSED_STATUSES:
        closed_at = at
    return Times(triaged_at, closed_at)


def stamp_status(issue: Issue, *, was: Status | None, at: datetime) -> None:
    """Sets the times that follow from the issue's status, which it has since `at`."""
    before = Times(issue.triaged_at, issue.closed_at)
    issue.triaged_at, issue.closed_at = times_after(before, was=was, now=issue.status, at=at)
