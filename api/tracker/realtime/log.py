"""Reads the event log: for one viewer, or once for everybody."""

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker.accounts.viewer import Viewer
from tracker.core.schema import PersonRef
from tracker.events.cursor import CursorCodec, Position, is_honoured
from tracker.events.window import between, events_in, has_purged, is_too_much
from tracker.issues.rows import assignee, reporter, row_columns, row_of
from tracker.issues.visibility import mask_duplicates, visible_duplicate_of, visible_issues
from tracker.models import Event, EventType, Issue, Role, User
from tracker.realtime.schemas import EventBatch, EventView

MAX_TEXT = 1_000

actor = aliased(User, name="actor")

# A change of a long text holds it twice, up to 4 MB. What nobody is shown is not read: by 1,001 characters it is seen
# that there are more than MAX_TEXT.
_SHORT_CHANGES: ColumnElement[Any] = literal_column(
    """
    CASE WHEN pg_column_size(event.changes) < 2000 THEN event.changes ELSE (
        SELECT jsonb_object_agg(change.key, (
            SELECT jsonb_agg(
                CASE jsonb_typeof(side.value)
                    WHEN 'string' THEN to_jsonb(left(side.value #>> '{}', 1001)) ELSE side.value
                END ORDER BY side.ordinality
            ) FROM jsonb_array_elements(change.value) WITH ORDINALITY AS side
        )) FROM jsonb_each(event.changes) AS change
    ) END
    """,
    JSONB,
)


def select_events(viewer: Viewer, window: ColumnElement[bool], limit: int) -> Select[Any]:
    """Selects what `event_of` needs from the events of issues that the viewer may see; null where one was purged."""
    recent = events_in(window)
    page = select(recent).order_by(recent.id).limit(limit)
    if not viewer.is_staff:  # who see all, and would only be slowed down
        page = page.where(recent.issue_id.in_(select(Issue.id).where(visible_issues(viewer, trashed=True))))
    return _with_issues(aliased(Event, page.subquery("event")), visible_duplicate_of(viewer))


def select_events_for_all(window: ColumnElement[bool], limit: int) -> Select[Any]:
    """The same for everybody at once, with what is needed to give each their part.

    That is `own_originals`: which of the originals that an event names the issue's reporter may know of, by the rule
    of `visible_duplicate_of`; null where none is named.
    """
    recent = events_in(window)
    event = aliased(Event, select(recent).order_by(recent.id).limit(limit).subquery("event"))
    return _with_issues(event, Issue.duplicate_of_id.expression).add_columns(
        _own_originals(event).label("own_originals")
    )


def _with_issues(event: type[Event], duplicate_of: ColumnElement[int | None]) -> Select[Any]:
    return (
        select(
            *row_columns(duplicate_of),
            Issue.deleted_at,
            event.id.label("event_id"),
            event.type.label("event_type"),
            event.created_at.label("event_created_at"),
            _SHORT_CHANGES.label("changes"),
            event.actor_id,
            actor.full_name.label("actor_name"),
        )
        .select_from(event)
        .outerjoin(Issue, Issue.id == event.issue_id)
        .outerjoin(reporter, reporter.id == Issue.reporter_id)
        .outerjoin(assignee, assignee.id == Issue.assignee_id)
        .outerjoin(actor, actor.id == event.actor_id)
        .order_by(event.id)
    )


def _own_originals(event: type[Event]) -> ColumnElement[Any]:
    original = aliased(Issue)
    named = (
        Issue.duplicate_of_id,
        cast(event.changes["duplicate_of"][0].astext, BigInteger),
        cast(event.changes["duplicate_of"][1].astext, BigInteger),
    )
    known = (
        select(func.coalesce(func.array_agg(original.id), literal_column("'{}'::bigint[]")))
        .where(original.id.in_(named), original.reporter_id == Issue.reporter_id)
        .correlate(Issue, event)
        .scalar_subquery()
    )
    names_any = or_(Issue.duplicate_of_id.is_not(None), event.changes.has_key("duplicate_of"))
    return case((names_any, known), else_=null())


def with_purged(events: Select[Any], window: ColumnElement[bool], *more: ColumnElement[Any]) -> Select[Any]:
    """At least one row: the events, and beside each, by the same snapshot, whether `has_purged` and `more`."""
    new = events.subquery("new")
    return (
        select(new, has_purged(window).label("purged"), *more)
        .select_from(select(literal(1)).subquery().outerjoin(new, true()))
        .order_by(new.c.event_id)
    )


_WINDOW = and_(
    between(bindparam("seen", type_=Text), bindparam("until", type_=Text)),
    Event.id > bindparam("after_id", type_=BigInteger),
)
_IS_TOO_MUCH = select(is_too_much(_WINDOW))


@cache
def _page_for(*, is_staff: bool) -> Select[Any]:
    """Built once for each of the two: that takes longer than to run it."""
    viewer_id: Any = bindparam("viewer_id", type_=BigInteger)
    viewer = Viewer(id=viewer_id, role=Role.ADMIN if is_staff else Role.REPORTER)
    limit: Any = bindparam("limit", type_=BigInteger)
    return with_purged(select_events(viewer, _WINDOW, limit), _WINDOW)


class EventLog:
    def __init__(self, session: AsyncSession, viewer: Viewer, cursors: CursorCodec) -> None:
        self._session = session
        self._viewer = viewer
        self._cursors = cursors

    async def after(self, cursor: str | None, *, limit: int) -> EventBatch:
        """The next events that the viewer may see; without a cursor none, but the cursor of this moment."""
        now = await self._cursors.position_now(self._session, self._viewer)
        position = now if cursor is None else await self.resume(cursor, now)
        page = position and await self.page(position, now, limit=limit)
        if not page:
            return EventBatch(cursor=self._cursors.encode(now), events=[], has_more=False, reset=True)
        events, reached = page
        return EventBatch(
            cursor=self._cursors.encode(reached), events=events, has_more=reached.until is not None, reset=False
        )

    async def resume(self, cursor: str, now: Position) -> Position | None:
        """Where the cursor stands, or None if it can't be gone on from up to `now`."""
        position = self._cursors.decode(cursor)
        if position is None or not is_honoured(position, now):
            return None
        # In the middle of a replay it is known not to be too much.
        if position.until is None and position.seen != now.seen:
            window = {"seen": position.seen, "until": now.seen, "after_id": 0}
            if await self._session.scalar(_IS_TOO_MUCH, window):
                return None
        return position

    async def page(self, position: Position, now: Position, *, limit: int) -> tuple[list[EventView], Position] | None:
        """The next events, and where that leads: to `now`, as far as an earlier page aimed, or on the way there.

        None when one of them can't be told any more.
        """
        if position.seen == now.seen:
            return [], now
        until = position.until or now.seen
        window = {"seen": position.seen, "until": until, "after_id": position.after_id}
        page = _page_for(is_staff=self._viewer.is_staff)
        rows = (await self._session.execute(page, window | {"viewer_id": self._viewer.id, "limit": limit + 1})).all()
        if rows[0].purged:
            return None
        has_more, rows = len(rows) > limit, rows[:limit]
        events = [event_of(row) for row in rows if row.id is not None]
        await mask_duplicates(self._session, self._viewer, [event.changes for event in events])
        if has_more:
            middle = {"issued_at": now.issued_at, "until": until, "after_id": rows[-1].event_id}
            return events, msgspec.structs.replace(position, **middle)
        return events, msgspec.structs.replace(now, seen=until)


def event_of(row: Row[Any]) -> EventView:
    """An event from a row of `select_events` that has an issue."""
    trashed = row.deleted_at is not None
    told = not trashed or row.event_type == EventType.ISSUE_DELETED
    return EventView(
        id=row.event_id,
        type=EventType(row.event_type),
        issue_id=row.id,
        actor=None if row.actor_id is None else PersonRef(id=row.actor_id, full_name=row.actor_name),
        created_at=row.event_created_at,
        # What is in the trash can't be read any more, not even its earlier changes.
        changes={field: [_cut(value) for value in pair] for field, pair in row.changes.items()} if told else {},
        issue=None if trashed else row_of(row),
    )


def _cut(value: Any) -> Any:
    return value[: MAX_TEXT - 1] + "…" if isinstance(value, str) and len(value) > MAX_TEXT else value
