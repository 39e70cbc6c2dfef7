"""The trash, for admins."""

from datetime import datetime

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import NotFound
from tracker.core.paging import Moment, Page, beyond, decode_cursor, encode_cursor
from tracker.issues.duplicates import lock_duplicates, release_duplicates
from tracker.issues.rows import select_rows, trashed_of
from tracker.issues.schemas import TrashedIssue
from tracker.models import Attachment, DiscardedFile, Issue

# What remains of a purged issue's history is what statistics need, not what people wrote.
_FORGET_TEXTS = text("""
    UPDATE events SET changes = (
        SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(changes)
        WHERE key IN ('status', 'severity')
    )
    WHERE issue_id = ANY(:issue_ids)
""")


class Trash:
    def __init__(self, session: AsyncSession, clock: Clock = utc_now) -> None:
        self._session = session
        self._clock = clock

    async def page(self, viewer: Viewer, *, cursor: str | None, limit: int) -> Page[TrashedIssue]:
        """What was deleted, latest first."""
        query = (
            select_rows(viewer, Issue.deleted_at, trashed=True)
            .where(Issue.deleted_at.is_not(None))
            .order_by(Issue.deleted_at.desc(), Issue.id.desc())
            .limit(limit + 1)
        )
        if cursor:
            reached = decode_cursor(cursor, tuple[Moment, int])
            query = query.where(beyond((Issue.deleted_at, Issue.id), reached, descending=True))
        rows = (await self._session.execute(query)).all()
        more, rows = len(rows) > limit, rows[:limit]
        return Page(
            items=[trashed_of(row) for row in rows],
            next_cursor=encode_cursor(rows[-1].deleted_at, rows[-1].id) if more else None,
        )

    async def purge(self, issue_id: int, *, actor_id: int | None = None) -> None:
        """Removes a trashed issue with its comments and files for good.

        Raises:
            NotFound: it is not in the trash.
        """
        await lock_duplicates(self._session)
        trashed = select(Issue.id).where(Issue.id == issue_id, Issue.deleted_at.is_not(None)).with_for_update()
        if await self._session.scalar(trashed) is None:
            raise NotFound
        await self._purge([issue_id], actor_id=actor_id)

    async def purge_older_than(self, moment: datetime, *, at_most: int = 1000) -> int:
        """Purges what was deleted before the moment; returns how many issues it was."""
        await lock_duplicates(self._session)
        query = (
            select(Issue.id)
            .where(Issue.deleted_at < moment)
            .order_by(Issue.deleted_at)
            .limit(at_most)
            .with_for_update(skip_locked=True)
        )
        issue_ids = list(await self._session.scalars(query))
        if issue_ids:
            await self._purge(issue_ids, actor_id=None)
        return len(issue_ids)

    async def _purge(self, issue_ids: list[int], *, actor_id: int | None) -> None:
        await release_duplicates(self._session, issue_ids, actor_id=actor_id, at=self._clock())
        await self._session.execute(_FORGET_TEXTS, {"issue_ids": issue_ids})
        named = select(Attachment.storage_key).where(
            Attachment.issue_id.in_(issue_ids), Attachment.removed_at.is_(None)
        )
        await self._session.execute(insert(DiscardedFile).from_select(["storage_key"], named))
        await self._session.execute(delete(Issue).where(Issue.id.in_(issue_ids)))
