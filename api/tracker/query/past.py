"""What the event log tells of an issue's past, as columns of a query over issues.

The indexes of the log that this needs are partial, and taken only for conditions that say the same as theirs.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSONB

from tracker.models import CHANGES_FIELDS, Event, Issue, changes_field

Condition = ColumnElement[bool]
Matching = Callable[[ColumnElement[Any]], Condition]
"""What is asked of a value, which is given as the text that JSON has for it, or as null."""

Look = Callable[[Sequence[Any]], Condition]
"""How to find out whether an issue has an event that meets some conditions."""


def issue_by_issue(conditions: Sequence[Any]) -> Condition:
    """For the first few that fit. With a limit, so that it stays that way."""
    events = select(true()).where(Event.issue_id == Issue.id, CHANGES_FIELDS, *conditions).limit(1)
    return events.correlate(Issue).scalar_subquery().is_(true())


def all_at_once(conditions: Sequence[Any]) -> Condition:
    """For all that fit: the database keeps in mind which issues have such events, of which there must not be too many."""
    return Issue.id.in_(select(Event.issue_id).where(*conditions).correlate(None))


def value_then(field: str, now: ColumnElement[Any], moment: datetime) -> ColumnElement[Any]:
    """What a field was at a moment, as JSONB: what the first change since then replaced, else what it is now."""
    replaced = (
        select(literal_column(f"events.changes->'{field}'->0", JSONB))
        .where(Event.issue_id == Issue.id, Event.created_at >= moment, CHANGES_FIELDS, changes_field(field))
        .order_by(Event.created_at, Event.id)
        .limit(1)
        .correlate(Issue)
        .scalar_subquery()
    )
    return func.coalesce(replaced, func.to_jsonb(now), literal(None, JSONB(none_as_null=False)))


def changed(field: str, since: datetime) -> list[Any]:
    """Events that have changed the field."""
    return [changes_field(field), Event.created_at >= since]


def ended(
    field: str, matching: Matching, *, since: datetime | None = None, before: datetime | None = None
) -> list[Any]:
    """Events that have replaced a value for which `matching` holds.

    Of what an issue has ever been that is all but what it is still: changes tell of each value twice, when it comes and
    when it goes.
    """
    times = [Event.created_at >= since] if since else []
    times += [Event.created_at < before] if before else []
    return [changes_field(field), matching(literal_column(f"(events.changes->'{field}'->>0)")), *times]
