"""Back-dated changes: recorded in the order in which they happened, at the times at which they did."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracker.events.record import PastEvent, record_history
from tracker.imports.people import People
from tracker.imports.source import SourceComment
from tracker.models import Comment, EventType


class Dated:
    """Changes of an issue's fields; those of the same moment are one change."""

    def __init__(self) -> None:
        self._changes: dict[datetime, dict[str, tuple[Any, Any]]] = {}

    def add(self, at: datetime, field: str, old: Any, new: Any) -> None:
        self._changes.setdefault(at, {})[field] = (old, new)

    def happenings(self) -> list[PastEvent]:
        return [PastEvent(at, EventType.ISSUE_UPDATED, changes) for at, changes in self._changes.items()]


def new_comment(issue_id: int, source: SourceComment, people: People) -> Comment:
    return Comment(
        issue_id=issue_id,
        author_id=people.id_of(source.author),
        body=source.body,
        created_at=source.created_at,
        updated_at=source.updated_at,
        external_id=source.external_id,
    )


def said(comment: Comment) -> PastEvent:
    changes = {"comment_id": (None, comment.id), "body": (None, comment.body)}
    return PastEvent(comment.created_at, EventType.COMMENT_CREATED, changes, comment.author_id)


async def record_all(
    session: AsyncSession, issue_id: int, happenings: Iterable[PastEvent], *, after: datetime
) -> datetime:
    """Records what happened, oldest first, but nothing before `after`: the log of an issue never goes back in time.

    Returns:
        The time of the last event.
    """
    at = after
    events: list[PastEvent] = []
    for happening in sorted(happenings, key=lambda happening: happening.at):
        at = max(at, happening.at)
        events.append(replace(happening, at=at))
    await record_history(session, issue_id, events)
    return at
