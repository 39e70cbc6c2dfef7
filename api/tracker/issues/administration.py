"""The trash and the tags over HTTP."""

from collections.abc import Sequence

from litestar import Controller, Response, delete, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.guards import admins_only
from tracker.accounts.viewer import Viewer
from tracker.core.openapi import READ, WRITE_ONE, refusals
from tracker.core.paging import Cursor, Limit, Page
from tracker.core.schema import PathId
from tracker.core.transaction import Transaction
from tracker.issues.schemas import TrashedIssue
from tracker.issues.tag_counts import TagCounts
from tracker.issues.tags import TagCount, count_tags
from tracker.issues.trash import Trash


class TrashController(Controller):
    path = "/issues/trash"
    tags = ["Administration"]
    guards = [admins_only]

    @get("/", operation_id="listTrash", summary="Deleted issues, latest first", responses=READ | refusals(403))
    async def list_trash(
        self,
        viewer: NamedDependency[Viewer],
        session: NamedDependency[AsyncSession],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[TrashedIssue]:
        """What stays here for 30 days is then purged."""
        return await Trash(session).page(viewer, cursor=cursor, limit=limit)

    @delete(
        "/{issue_id:str}",
        operation_id="purgeIssue",
        summary="Remove a deleted issue for good",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def purge_issue(
        self,
        issue_id: PathId,
        viewer: NamedDependency[Viewer],
        session: NamedDependency[AsyncSession],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        """With its comments and files; what was marked as its duplicate no longer is. This can't be undone."""
        async with transaction:
            await Trash(session).purge(issue_id, actor_id=viewer.id)
            return await transaction.answer(status_code=204)


@get("/tags", operation_id="listTags", tags=["Issues"], summary="Tags in use, with counts", responses=READ)
async def list_tags(
    viewer: NamedDependency[Viewer], session: NamedDependency[AsyncSession], state: State
) -> Sequence[TagCount]:
    """Over the issues that the viewer may see, most used first."""
    counts: TagCounts = state.tag_counts
    return await counts.all() if viewer.is_staff else await count_tags(session, viewer)
