"""What the event log tells of an issue's past, as columns of a query over issues.

All are looked up issue by issue through the log's index, in subqueries with a limit so that they stay that way.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from tracker.models import Event, EventType, Issue


def value_then(field: str, now: ColumnElement[Any], moment: datetime) -> ColumnElement[Any]:
    """What a field was at a moment, as JSONB: what the first change since then replaced, else what it is now."""
    replaced = (
        select(Event.changes[field][0])
        .where(Event.issue_id == Issue.id, Event.created_at >= moment, Event.changes.has_key(field))
        .order_by(Event.created_at, Event.id)
        .limit(1)
        .correlate(Issue)
        .scalar_subquery()
    )
    return func.coalesce(replaced, func.to_jsonb(now), literal(None, JSONB(none_as_null=False)))


def ever_was(field: str, matching: Any, before: datetime | None) -> ColumnElement[bool]:
    """Whether a change set or ended a value for which `matching(value)` holds."""
    old, new = Event.changes[field][0], Event.changes[field][1]
    met = (
        select(true())
        .where(
            Event.issue_id == Issue.id,
            Event.changes.has_key(field),
            *([Event.created_at < before] if before else []),
            or_(matching(new), and_(Event.type != EventType.ISSUE_CREATED, matching(old))),
        )
        .limit(1)
        .correlate(Issue)
        .scalar_subquery()
    )
    return met.is_(true())
