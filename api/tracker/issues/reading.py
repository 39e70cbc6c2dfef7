"""One issue, read: by itself, or within the transaction that changes it."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.errors import NotFound
from tracker.core.reads import Reads, Statement, parameter
from tracker.issues.rows import select_rows, view_of
from tracker.issues.schemas import IssueView
from tracker.models import Issue, Role


async def read_view(reads: Reads, viewer: Viewer, issue_id: int) -> IssueView:
    """The issue as the viewer sees it.

    Raises:
        NotFound: it doesn't exist, or not for this viewer.
    """
    rows = await reads.fetch(_statement(is_staff=viewer.is_staff), viewer_id=viewer.id, issue_id=issue_id)
    if not rows:
        raise NotFound
    return view_of(rows[0])


async def read_view_within(session: AsyncSession, viewer: Viewer, issue_id: int) -> IssueView:
    """The same as the session's transaction has it."""
    query = _query(is_staff=viewer.is_staff)
    row = (await session.execute(query, {"viewer_id": viewer.id, "issue_id": issue_id})).one_or_none()
    if row is None:
        raise NotFound
    return view_of(row)


@cache
def _query(*, is_staff: bool) -> Select[Any]:
    viewer_id: Any = parameter("viewer_id", BigInteger)
    viewer = Viewer(id=viewer_id, role=Role.ADMIN if is_staff else Role.REPORTER)
    return select_rows(viewer, Issue.description).where(Issue.id == parameter("issue_id", BigInteger))


@cache
def _statement(*, is_staff: bool) -> Statement:
    return Statement(_query(is_staff=is_staff))
