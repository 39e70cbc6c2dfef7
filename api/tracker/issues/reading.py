"""One issue, read."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger

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


@cache
def _statement(*, is_staff: bool) -> Statement:
    viewer_id: Any = parameter("viewer_id", BigInteger)
    viewer = Viewer(id=viewer_id, role=Role.ADMIN if is_staff else Role.REPORTER)
    issue_id: Any = parameter("issue_id", BigInteger)
    return Statement(select_rows(viewer, Issue.description).where(Issue.id == issue_id))
