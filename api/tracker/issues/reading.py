"""One issue, read: by itself, or within the transaction that changes it."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.errors import NotFound
from tracker.core.reads import Reads
from tracker.core.session import run
from tracker.core.statements import Statement, parameter
from tracker.issues.rows import select_rows, view_of
from tracker.issues.schemas import IssueView
from tracker.issues.visibility import any_viewer
from tracker.models import Issue


class IssueReader:
    """Reads issues for one viewer."""

    def __init__(self, reads: Reads, viewer: Viewer) -> None:
        self._reads = reads
        self._viewer = viewer

    async def view(self, issue_id: int) -> IssueView:
        """The issue as the viewer sees it.

        Raises:
            NotFound: it doesn't exist, or not for this viewer.
        """
        statement = _statement(is_staff=self._viewer.is_staff)
        return _view(await self._reads.fetch(statement, viewer_id=self._viewer.id, issue_id=issue_id))


async def read_view_within(session: AsyncSession, viewer: Viewer, issue_id: int) -> IssueView:
    """The same as the session's transaction has it."""
    statement = _statement(is_staff=viewer.is_staff)
    return _view(await run(session, statement, viewer_id=viewer.id, issue_id=issue_id))


def _view(rows: Sequence[Iterable[Any]]) -> IssueView:
    if not rows:
        raise NotFound
    return view_of(rows[0])


@cache
def _statement(*, is_staff: bool) -> Statement:
    query = select_rows(any_viewer(is_staff=is_staff), Issue.description)
    return Statement(query.where(Issue.id == parameter("issue_id", BigInteger)))
