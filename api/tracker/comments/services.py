"""What people do to comments: the rules, and an event for every change."""

from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.comments.schemas import CommentText, CommentView
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import Forbidden, NotFound
from tracker.core.paging import Moment, Page, beyond, decode_cursor, encode_cursor
from tracker.core.schema import PersonRef
from tracker.events.record import record
from tracker.issues.visibility import visible_issues
from tracker.models import Comment, EventType, Issue, User

# A deleted comment's words are to be gone, from the log too.
_FORGET_BODY = text("""
    UPDATE events SET changes = changes - 'body'
    WHERE issue_id = :issue_id AND changes ? 'body'
      AND (changes->'comment_id'->0 = to_jsonb(CAST(:comment_id AS bigint))
           OR changes->'comment_id'->1 = to_jsonb(CAST(:comment_id AS bigint)))
""")


class CommentRepository(SQLAlchemyAsyncRepository[Comment]):
    model_type = Comment


class CommentService:
    """Everything that one viewer may do to the comments of the issues that it sees."""

    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._clock = clock
        self._comments = CommentRepository(session=session, wrap_exceptions=False)

    async def page(self, issue_id: int, *, cursor: str | None, limit: int) -> Page[CommentView]:
        """An issue's comments, oldest first."""
        visible = select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer))
        if await self._session.scalar(visible) is None:
            raise NotFound
        query = (
            self._select().where(Comment.issue_id == issue_id).order_by(Comment.created_at, Comment.id).limit(limit + 1)
        )
        if cursor:
            reached = decode_cursor(cursor, tuple[Moment, int])
            query = query.where(beyond((Comment.created_at, Comment.id), reached))
        rows = (await self._session.execute(query)).all()
        more, rows = len(rows) > limit, rows[:limit]
        return Page(
            items=[_view_of(row) for row in rows],
            next_cursor=encode_cursor(rows[-1].created_at, rows[-1].id) if more else None,
        )

    async def write(self, issue_id: int, data: CommentText) -> CommentView:
        await self._lock_issue(issue_id)
        now = self._clock()
        comment = await self._comments.add(
            Comment(issue_id=issue_id, author_id=self._viewer.id, body=data.body, created_at=now), auto_refresh=False
        )
        await self._touch_issue(issue_id, at=now, comments=+1)
        changes = {"comment_id": (None, comment.id), "body": (None, comment.body)}
        await self._record(EventType.COMMENT_CREATED, issue_id, changes, at=now)
        return await self._get(comment.id)

    async def edit(self, issue_id: int, comment_id: int, data: CommentText) -> CommentView:
        """Changes the words of one's own comment."""
        comment = await self._lock(issue_id, comment_id)
        if comment.author_id != self._viewer.id:
            raise Forbidden("Only its author can edit a comment.")
        if data.body != comment.body:
            now = self._clock()
            changes = {"comment_id": (comment.id, comment.id), "body": (comment.body, data.body)}
            comment.body, comment.updated_at = data.body, now
            await self._touch_issue(issue_id, at=now)
            await self._record(EventType.COMMENT_UPDATED, issue_id, changes, at=now)
        return await self._get(comment_id)

    async def delete(self, issue_id: int, comment_id: int) -> None:
        """Removes one's own comment, or as an admin anybody's."""
        comment = await self._lock(issue_id, comment_id)
        if comment.author_id != self._viewer.id and not self._viewer.is_admin:
            raise Forbidden("Only its author or an admin can delete a comment.")
        now = self._clock()
        await self._session.delete(comment)
        await self._session.execute(_FORGET_BODY, {"issue_id": issue_id, "comment_id": comment_id})
        await self._touch_issue(issue_id, at=now, comments=-1)
        await self._record(EventType.COMMENT_DELETED, issue_id, {"comment_id": (comment_id, None)}, at=now)

    def _select(self) -> Select[Any]:
        return select(
            Comment.id,
            Comment.issue_id,
            Comment.author_id,
            User.full_name,
            Comment.body,
            Comment.created_at,
            Comment.updated_at,
        ).join(User, User.id == Comment.author_id)

    async def _get(self, comment_id: int) -> CommentView:
        await self._session.flush()
        return _view_of((await self._session.execute(self._select().where(Comment.id == comment_id))).one())

    async def _lock_issue(self, issue_id: int) -> None:
        query = (
            select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer)).with_for_update(key_share=True)
        )
        if await self._session.scalar(query) is None:
            raise NotFound

    async def _lock(self, issue_id: int, comment_id: int) -> Comment:
        await self._lock_issue(issue_id)
        query = (
            select(Comment)
            .where(Comment.id == comment_id, Comment.issue_id == issue_id)
            .with_for_update(key_share=True)
        )
        comment = await self._session.scalar(query)
        if comment is None:
            raise NotFound
        return comment

    async def _touch_issue(self, issue_id: int, *, at: datetime, comments: int = 0) -> None:
        """Commenting is activity, but no new version of the issue itself."""
        await self._session.execute(
            update(Issue)
            .where(Issue.id == issue_id)
            .values(updated_at=at, comment_count=Issue.comment_count + comments)
            .execution_options(synchronize_session=False)
        )

    async def _record(
        self, event_type: EventType, issue_id: int, changes: dict[str, tuple[Any, Any]], *, at: datetime
    ) -> None:
        await self._session.flush()
        await record(self._session, event_type, issue_id=issue_id, actor_id=self._viewer.id, changes=changes, at=at)


def _view_of(row: Any) -> CommentView:
    return CommentView(
        id=row.id,
        issue_id=row.issue_id,
        author=PersonRef(id=row.author_id, full_name=row.full_name),
        body=row.body,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
