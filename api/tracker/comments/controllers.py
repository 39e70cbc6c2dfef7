"""Comments over HTTP."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.comments.schemas import CommentText, CommentView
from tracker.comments.services import CommentService
from tracker.core.openapi import READ_ONE, WRITE_ONE, refusals
from tracker.core.paging import Cursor, Limit, Page
from tracker.core.schema import PathId
from tracker.core.transaction import Transaction


async def provide_comments(session: NamedDependency[AsyncSession], viewer: NamedDependency[Viewer]) -> CommentService:
    return CommentService(session, viewer)


class CommentController(Controller):
    path = "/issues/{issue_id:str}/comments"
    tags = ["Comments"]
    dependencies = {"comments": provide_comments}

    @get("/", operation_id="listComments", summary="An issue's comments, oldest first", responses=READ_ONE)
    async def list_comments(
        self,
        issue_id: PathId,
        comments: NamedDependency[CommentService],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[CommentView]:
        return await comments.page(issue_id, cursor=cursor, limit=limit)

    @post(
        "/",
        operation_id="writeComment",
        summary="Comment on an issue",
        status_code=201,
        response_description="The new comment.",
        responses=WRITE_ONE,
    )
    async def write_comment(
        self,
        issue_id: PathId,
        data: JSONBody[CommentText],
        comments: NamedDependency[CommentService],
        transaction: NamedDependency[Transaction],
    ) -> Response[CommentView]:
        async with transaction:
            comment = await comments.write(issue_id, data)
            location = f"/issues/{issue_id}/comments/{comment.id}"
            return await transaction.answer(comment, status_code=201, headers={"Location": location})

    @patch(
        "/{comment_id:str}",
        operation_id="editComment",
        summary="Edit one's own comment",
        response_description="The comment as it is now.",
        responses=WRITE_ONE | refusals(403),
    )
    async def edit_comment(
        self,
        issue_id: PathId,
        comment_id: PathId,
        data: JSONBody[CommentText],
        comments: NamedDependency[CommentService],
        transaction: NamedDependency[Transaction],
    ) -> Response[CommentView]:
        async with transaction:
            return await transaction.answer(await comments.edit(issue_id, comment_id, data))

    @delete(
        "/{comment_id:str}",
        operation_id="deleteComment",
        summary="Delete one's own comment; admins anybody's",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def delete_comment(
        self,
        issue_id: PathId,
        comment_id: PathId,
        comments: NamedDependency[CommentService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        """Its words are gone for good, from the history too."""
        async with transaction:
            await comments.delete(issue_id, comment_id)
            return await transaction.answer(status_code=204)
