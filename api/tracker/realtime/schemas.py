"""What readers of the event log get."""

from datetime import datetime
from typing import Any

from tracker.core.schema import Output, PersonRef
from tracker.issues.schemas import IssueRow
from tracker.models import EventType


class EventView(Output):
    """One change. `changes` is `{field: [old, new]}`; texts of more than 1,000 characters are cut and end in "…"."""

    id: int
    type: EventType
    issue_id: int
    actor: PersonRef | None
    created_at: datetime
    changes: dict[str, list[Any]]
    issue: IssueRow | None
    """The issue as it is now; null when it is deleted."""


class EventBatch(Output):
    """The next events after a cursor."""

    cursor: str
    events: list[EventView]
    has_more: bool
    reset: bool
    """The cursor can't be honoured: load everything anew, then go on from the cursor given here."""
