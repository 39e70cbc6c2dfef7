"""The only place that writes to the event log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import CTE, BigInteger, DateTime, Text, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.statements import parameter
from tracker.core.transaction import EVENT_IDS
from tracker.models import Event, EventType

# Built once, and of the table instead of the entity: every write runs it.
_EVENTS: Any = Event.__table__
_RECORD = insert(_EVENTS).returning(_EVENTS.c.id)

Changes = Mapping[str, tuple[Any, Any]]
"""Old and new value by field, as they are spelled in JSON."""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that happened elsewhere, before its issue came here."""

    at: datetime
    type: EventType
    changes: Changes
    actor_id: int | None = None


async def record(
    session: AsyncSession,
    event_type: EventType,
    *,
    issue_id: int,
    actor_id: int | None,
    changes: Changes,
    at: datetime | None = None,
) -> int:
    """Writes one event into the transaction of the change itself, which must already hold the issue's row.

    Holding the row is what puts the events of one issue into the order of cause.

    Args:
        session: the change's own.
        event_type: what kind of change it is.
        issue_id: the issue that changed, or whose comment or file did.
        actor_id: who did it; None for the tracker itself.
        changes: what changed.
        at: for back-dated history; now, if left out.

    Returns:
        The event's id.
    """
    values: dict[str, Any] = {
        "type": event_type,
        "issue_id": issue_id,
        "actor_id": actor_id,
        "changes": {field: list(pair) for field, pair in changes.items()},
    }
    if at is not None:
        values["created_at"] = at
    event_id = (await session.execute(_RECORD, values)).scalar_one()
    note(session, event_id)
    return event_id


def recording(event_type: EventType, issue: CTE) -> CTE:
    """The same as part of the statement that writes the issue's row, which `issue` returns.

    Its parameters are `actor_id`, `changes` as JSON, and `at`. The event's id, which it returns, is to be noted.
    """
    values = select(
        literal(event_type, Text),
        issue.c.id,
        parameter("actor_id", BigInteger),
        parameter("changes", JSONB),
        parameter("at", DateTime(timezone=True)),
    )
    columns = ["type", "issue_id", "actor_id", "changes", "created_at"]
    return insert(_EVENTS).from_select(columns, values).returning(_EVENTS.c.id).cte("event")


def encoded(changes: Changes) -> str:
    """As `recording` wants them."""
    return msgspec.json.encode(changes).decode()


def note(session: AsyncSession, event_id: int) -> None:
    """Has the answer to the request name the event."""
    session.info.setdefault(EVENT_IDS, []).append(event_id)


async def record_history(session: AsyncSession, issue_id: int, events: Sequence[PastEvent]) -> None:
    """Writes what happened to an issue elsewhere, in the order given, into the transaction that holds its row."""
    if not events:
        return
    values = [
        {
            "type": event.type,
            "issue_id": issue_id,
            "actor_id": event.actor_id,
            "changes": {field: list(pair) for field, pair in event.changes.items()},
            "created_at": event.at,
        }
        for event in events
    ]
    # Only sorted rows are sure to get ids in the order given.
    statement = insert(Event).returning(Event.id, sort_by_parameter_order=True)
    session.info.setdefault(EVENT_IDS, []).extend(await session.scalars(statement, values))


async def put_back(session: AsyncSession, events: Sequence[Mapping[str, Any]]) -> None:
    """Writes events as an archive has them, with their numbers, into a log that is empty otherwise."""
    await session.execute(insert(_EVENTS), list(events))
