"""An issue's history, read from the event log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.errors import NotFound
from tracker.core.paging import Page, decode_cursor, encode_cursor
from tracker.core.schema import PersonRef
from tracker.issues.schemas import AttachmentRef, HistoryEntry
from tracker.issues.visibility import mask_duplicates, visible_issues
from tracker.models import Event, Issue, User

# Which comment or file an event is about is told beside its changes, not as one of them.
SUBJECTS = ("comment_id", "attachment_id")

# A page ends early rather than hold more text than this: one change of a description is up to 4 MB.
MAX_PAGE_CHARACTERS = 4_000_000
ROWS_AT_ONCE = 4

PERSON = "assignee_id"
FIELDS = ("title", "description", "status", "severity", "tags", PERSON, "duplicate_of")


class History:
    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    async def page(self, issue_id: int, *, cursor: str | None, limit: int) -> Page[HistoryEntry]:
        """The changes of up to `limit` events, fewer where they are long, oldest first.

        Raises:
            NotFound: the viewer can't see the issue.
        """
        # A transaction, without which PostgreSQL has no cursors.
        await self._session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        visible = select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer))
        if await self._session.scalar(visible) is None:
            raise NotFound
        query = (
            select(Event.id, Event.type, Event.created_at, Event.changes, Event.actor_id, User.full_name)
            .outerjoin(User, User.id == Event.actor_id)
            .where(Event.issue_id == issue_id)
            .order_by(Event.id)
            .limit(limit + 1)
        )
        if cursor:
            query = query.where(Event.id > decode_cursor(cursor, tuple[int])[0])
        events, more = await self._read(query, limit)
        await mask_duplicates(self._session, self._viewer, [event.changes for event in events])
        people = await self._people_in(events)
        return Page(
            items=[entry for event in events for entry in _entries(event, people)],
            next_cursor=encode_cursor(events[-1].id) if more else None,
        )

    async def _people_in(self, events: Sequence[Any]) -> dict[int, PersonRef]:
        """Those whom the changes name by their ids."""
        ids = {user_id for event in events for user_id in event.changes.get(PERSON, ()) if user_id is not None}
        if not ids:
            return {}
        rows = await self._session.execute(select(User.id, User.full_name).where(User.id.in_(ids)))
        return {row.id: PersonRef(id=row.id, full_name=row.full_name) for row in rows}

    async def _read(self, query: Select[Any], limit: int) -> tuple[list[Any], bool]:
        """As many events as fit into a page, and whether there are more."""
        events: list[Any] = []
        characters = 0
        rows = await self._session.stream(query, execution_options={"yield_per": ROWS_AT_ONCE})
        try:
            async for event in rows:
                if len(events) == limit or characters > MAX_PAGE_CHARACTERS:
                    return events, True
                events.append(event)
                characters += sum(len(str(value)) for pair in event.changes.values() for value in pair)
        finally:
            await rows.close()
        return events, False


def _place(change: tuple[str, Any]) -> int:
    """JSONB forgets the order of keys; people read the title first."""
    return FIELDS.index(change[0]) if change[0] in FIELDS else len(FIELDS)


def _entries(event: Any, people: Mapping[int, PersonRef]) -> list[HistoryEntry]:
    changes: dict[str, list[Any]] = {field: pair for field, pair in event.changes.items() if field not in SUBJECTS}
    subjects: dict[str, list[Any]] = {field: pair for field, pair in event.changes.items() if field in SUBJECTS}
    comment_id, attachment_id = (_given(subjects.get(subject)) for subject in SUBJECTS)
    attachment = attachment_id and AttachmentRef(id=attachment_id, name=_given(changes.get("name")))
    # A file's name is told with each of its changes, to know it by.
    changes = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
    actor = None if event.actor_id is None else PersonRef(id=event.actor_id, full_name=event.full_name)
    return [
        HistoryEntry(
            id=f"{event.id}.{position}",
            event_id=event.id,
            type=event.type,
            actor=actor,
            created_at=event.created_at,
            field=field,
            old=old,
            new=new,
            comment_id=comment_id,
            attachment=attachment,
            people=[people[user_id] for user_id in (old, new) if user_id in people] if field == PERSON else [],
        )
        # A deletion, and what is left of a deleted comment, has nothing else to tell.
        for position, (field, (old, new)) in enumerate(sorted((changes or subjects).items(), key=_place))
    ]


def _given(pair: Sequence[Any] | None) -> Any:
    """What it is now or, where it is gone, was."""
    old, new = pair or (None, None)
    return old if new is None else new
