"""The part of the event log between two moments, in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, select
from sqlalchemy.orm import aliased
from sqlalchemy.types import UserDefinedType

from tracker.core.statements import constant
from tracker.models import Event, EventType, Issue

MAX_REPLAY = 10_000
"""With more events than this to tell, loading everything anew is cheaper."""

Snapshot = str | ColumnElement[str]


class PgSnapshot(UserDefinedType[str]):
    """PostgreSQL's `pg_snapshot`, travelling as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


def snapshot(value: Snapshot) -> ColumnElement[str]:
    return cast(cast(value, Text), PgSnapshot)


def since(seen: Snapshot) -> ColumnElement[bool]:
    """Events that a snapshot did not see yet, and this statement's own does."""
    return and_(
        Event.txid >= func.pg_snapshot_xmin(snapshot(seen)),
        ~func.pg_visible_in_snapshot(Event.txid, snapshot(seen)),
    )


def between(seen: Snapshot, until: Snapshot) -> ColumnElement[bool]:
    """Events that became visible after one snapshot, up to another."""
    return and_(since(seen), func.pg_visible_in_snapshot(Event.txid, snapshot(until)))


def events_in(window: ColumnElement[bool]) -> type[Event]:
    """The events of a window, as a table to select from.

    In the order of the index on `txid`, so that the planner takes that one, whatever it thinks of the snapshots:
    to have them by `id`, it would rather read the whole log. More than can be told are not read at all.
    """
    rows = select(Event).where(window).order_by(Event.txid, Event.id).limit(MAX_REPLAY + 1)
    return aliased(Event, rows.subquery("recent"))


def happened(window: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is any event in the window; by the index on `txid`, as `events_in`."""
    first = select(Event.id).where(window).order_by(Event.txid, Event.id).limit(constant(1))
    return first.scalar_subquery().is_not(None)


def is_too_much(window: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether loading everything anew is cheaper than being told."""
    return select(func.count(events_in(window).id) > MAX_REPLAY).scalar_subquery()


def has_purged(window: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an issue was deleted, and has been purged from the trash since: who may know is not known any more."""
    recent = events_in(window)
    still_there = exists().where(Issue.id == recent.issue_id)
    return exists().where(recent.type == EventType.ISSUE_DELETED, ~still_there)
