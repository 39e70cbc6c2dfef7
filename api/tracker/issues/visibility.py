"""Who may see which issue: the one rule for every reader."""

from collections.abc import Container, Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker.accounts.viewer import Viewer
from tracker.core.statements import parameter
from tracker.models import Issue, Role


def visible_issues(viewer: Viewer, *, trashed: bool = False) -> ColumnElement[bool]:
    """The condition on `issues` for what the viewer may see.

    Staff sees everything, reporters what they filed. The trash is empty to all but those who ask for it by
    `trashed=True`, which only operations on the trash and readers of the event log do.
    """
    own = true() if viewer.is_staff else Issue.reporter_id == viewer.id
    return own if trashed else and_(own, Issue.deleted_at.is_(None))


def any_viewer(*, is_staff: bool) -> Viewer:
    """Stands for whoever asks in statements that are built once: the id is the parameter `viewer_id`."""
    viewer_id: Any = parameter("viewer_id", BigInteger)
    return Viewer(id=viewer_id, role=Role.ADMIN if is_staff else Role.REPORTER)


def may_see(viewer: Viewer, *, reporter_id: int) -> bool:
    """`visible_issues` for an issue at hand: the live feed reads once for everybody and asks this for each."""
    return viewer.is_staff or viewer.id == reporter_id


def visible_duplicate_of(viewer: Viewer, issue: type[Issue] = Issue) -> ColumnElement[int | None]:
    """The issue that this one duplicates, or null where the viewer may not know of it.

    An own original stays known in the trash: else its deletion would change this issue, and no event would say so.
    """
    if viewer.is_staff:
        return issue.duplicate_of_id.expression
    target = aliased(Issue)
    # Not whether it exists: to know that of each row, the planner would read all issues of the reporter.
    is_own = (target.id == issue.duplicate_of_id, target.reporter_id == viewer.id)
    return select(issue.duplicate_of_id).where(*is_own).correlate(issue).scalar_subquery()


def mask_duplicate(change: dict[str, list[Any]], known: Container[int]) -> None:
    """Takes out of a recorded change, in place, the numbers of originals that are not known."""
    if "duplicate_of" not in change:
        return
    shown = [number if number in known else None for number in change["duplicate_of"]]
    if shown == [None, None]:
        del change["duplicate_of"]
    else:
        change["duplicate_of"] = shown


async def mask_duplicates(session: AsyncSession, viewer: Viewer, changes: Iterable[dict[str, list[Any]]]) -> None:
    """Takes out of recorded changes, in place, the numbers of originals that the viewer may not know of."""
    if viewer.is_staff:
        return
    marked = [change for change in changes if "duplicate_of" in change]
    originals = {number for change in marked for number in change["duplicate_of"] if number is not None}
    if not originals:
        return
    query = select(Issue.id).where(Issue.id.in_(originals), visible_issues(viewer, trashed=True))
    known = set(await session.scalars(query))
    for change in marked:
        mask_duplicate(change, known)
