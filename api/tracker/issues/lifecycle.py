"""What a change of status does to an issue's times."""

from datetime import datetime

from tracker.models import CLOSED_STATUSES, Issue, Status


def stamp_status(issue: Issue, *, was: Status | None, at: datetime) -> None:
    """Sets the times that follow from the issue's status, which it has since `at`.

    Triage is the first status other than open, and happens once. Between done and cancelled an issue stays
    closed since when it was; a reopened one is not closed any more, and counts again when it is.
    """
    if issue.status is not Status.OPEN and issue.triaged_at is None:
        issue.triaged_at = at
    if issue.status not in CLOSED_STATUSES:
        issue.closed_at = None
    elif was not in CLOSED_STATUSES:
        issue.closed_at = at
