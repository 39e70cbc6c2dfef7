"""Files over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Controller, Response, delete, get, patch, post
from litestar.datastructures import ResponseHeader, State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation
from litestar.openapi.spec.media_type import OpenAPIMediaType
from litestar.openapi.spec.request_body import RequestBody
from litestar.openapi.spec.schema import Schema
from litestar.params import HeaderParameter, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.attachments.downloads import Conditions, download
from tracker.attachments.forms import PART_NAME, Form
from tracker.attachments.jobs import SCAN_FILES
from tracker.attachments.schemas import AttachmentChange, AttachmentView
from tracker.attachments.services import MAX_FILES, AttachmentRules, AttachmentService
from tracker.attachments.uploads import Uploads, fingerprint
from tracker.core.admission import LIMITED_BY
from tracker.core.errors import Invalid, UnsupportedMediaType
from tracker.core.openapi import READ_ONE, WRITE_ONE, refusals
from tracker.core.request import STREAMED_BODY, TrackerRequest
from tracker.core.schema import PathId
from tracker.core.transaction import Transaction
from tracker.models import ScanStatus

RangeHeader = Annotated[
    str | None, HeaderParameter(name="Range", max_length=1000, description="One range, as `bytes=0-1023`.")
]
IfRange = Annotated[
    str | None,
    HeaderParameter(name="If-Range", max_length=1000, description="`ETag` of the part at hand; else all is sent."),
]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=1000, description="`ETag` of the copy at hand.")
]
DOWNLOAD_HEADERS = [
    ResponseHeader(name="ETag", documentation_only=True, description="The SHA-256 of the whole file."),
    ResponseHeader(name="Accept-Ranges", documentation_only=True, description="`bytes`"),
    ResponseHeader(
        name="Content-Disposition", documentation_only=True, description="Always `attachment`, with the file's name."
    ),
]


async def provide_attachments(
    session: NamedDependency[AsyncSession], viewer: NamedDependency[Viewer], state: State
) -> AttachmentService:
    return AttachmentService(session, viewer, AttachmentRules.of(state.settings))


@dataclass
class UploadOperation(Operation):
    """Documents the form that an upload is."""

    def __post_init__(self) -> None:
        file = Schema(type="string", format="binary")  # pyright: ignore[reportArgumentType]
        files = Schema(type="array", items=file, min_items=1, max_items=MAX_FILES)  # pyright: ignore[reportArgumentType]
        form = Schema(type="object", required=[PART_NAME], properties={PART_NAME: files})  # pyright: ignore[reportArgumentType]
        self.request_body = RequestBody(required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)})


class AttachmentController(Controller):
    path = "/issues/{issue_id:str}/attachments"
    tags = ["Files"]
    dependencies = {"attachments": provide_attachments}

    @get("/", operation_id="listAttachments", summary="An issue's files, oldest first", responses=READ_ONE)
    async def list_attachments(
        self, issue_id: PathId, attachments: NamedDependency[AttachmentService]
    ) -> Sequence[AttachmentView]:
        """With those whose content was removed for its age; they have `removed_at`."""
        return await attachments.of_issue(issue_id)

    @post(
        "/",
        operation_id="attachFiles",
        operation_class=UploadOperation,
        summary="Attach files to an issue",
        status_code=201,
        response_description="The new attachments.",
        responses=WRITE_ONE | refusals(408, 429, 507),
        # Counted while it arrives; the limit depends on how many files there is room for.
        request_max_body_size=None,
        opt={STREAMED_BODY: True, LIMITED_BY: "uploads"},
    )
    async def attach_files(
        self,
        issue_id: PathId,
        request: TrackerRequest,
        session: NamedDependency[AsyncSession],
        viewer: NamedDependency[Viewer],
        attachments: NamedDependency[AttachmentService],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[Sequence[AttachmentView]]:
        """A multipart form of files, each a part named `files`; all are attached or none.

        Taken are PNG, JPEG, GIF, WebP, PDF, ZIP, JSON and CSV files and text and logs in UTF-8, where name, declared type
        and content agree (else 415). An issue has at most 20 files, a file at most 10 MiB unless the installation chose
        another limit (413). Where files are scanned for viruses, a new one is `pending` until it was found `clean`.
        """
        form = form_in(request)
        room = MAX_FILES if await transaction.may_be_replayed() else await attachments.room(issue_id)
        # No connection to the database waits for a client's bytes.
        await session.close()
        uploads: Uploads = state.uploads
        async with (
            uploads.receive(form, user_id=viewer.id, room=room) as files,
            transaction.of(fingerprint(files)),
        ):
            attached = await attachments.attach(issue_id, files)
            headers = {"Location": f"/issues/{issue_id}/attachments"}
            answer = await transaction.answer(attached, status_code=201, headers=headers)
        if any(file.scan_status is ScanStatus.PENDING for file in attached):
            state.job_queue.ask_for(SCAN_FILES.name)
        return answer

    @get("/{attachment_id:str}", operation_id="readAttachment", summary="What is known of a file", responses=READ_ONE)
    async def read_attachment(
        self, issue_id: PathId, attachment_id: PathId, attachments: NamedDependency[AttachmentService]
    ) -> AttachmentView:
        return await attachments.get(issue_id, attachment_id)

    @get(
        "/{attachment_id:str}/content",
        operation_id="downloadAttachment",
        summary="Download a file",
        media_type="application/octet-stream",
        response_description="The file, with its own content type.",
        response_headers=DOWNLOAD_HEADERS,
        responses=READ_ONE
        | refusals(403, 409, 416)
        | {
            206: ResponseSpec(
                bytes,
                description="The range asked for.",
                media_type="application/octet-stream",
                generate_examples=False,
            ),
            304: ResponseSpec(None, description="The copy at hand is still right."),
        },
    )
    async def download_attachment(
        self,
        issue_id: PathId,
        attachment_id: PathId,
        session: NamedDependency[AsyncSession],
        attachments: NamedDependency[AttachmentService],
        state: State,
        range_: RangeHeader = None,
        if_range: IfRange = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        """To be saved, not shown: a web page that shows it must fetch it and knows then what it does.

        403 for a file in which the virus scanner found something, 409 for one that is yet to be scanned.
        """
        content = await attachments.content(issue_id, attachment_id)
        # No connection to the database waits for the store or for the client.
        await session.close()
        return await download(content, Conditions(range_, if_range, if_none_match), state.storage)

    @patch(
        "/{attachment_id:str}",
        operation_id="changeAttachment",
        summary="Keep a file beyond its retention, or no longer",
        response_description="The attachment as it is now.",
        responses=WRITE_ONE | refusals(403),
    )
    async def change_attachment(
        self,
        issue_id: PathId,
        attachment_id: PathId,
        data: JSONBody[AttachmentChange],
        attachments: NamedDependency[AttachmentService],
        transaction: NamedDependency[Transaction],
    ) -> Response[AttachmentView]:
        """For staff."""
        async with transaction:
            return await transaction.answer(await attachments.change(issue_id, attachment_id, data))

    @delete(
        "/{attachment_id:str}",
        operation_id="deleteAttachment",
        summary="Delete one's own file; admins anybody's",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def delete_attachment(
        self,
        issue_id: PathId,
        attachment_id: PathId,
        attachments: NamedDependency[AttachmentService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        """This can't be undone."""
        async with transaction:
            await attachments.delete(issue_id, attachment_id)
            return await transaction.answer(status_code=204)


def form_in(request: TrackerRequest) -> Form:
    """The form that the body is, yet to be read.

    Raises:
        UnsupportedMediaType: the body is no form, or a compressed one.
        Invalid: it doesn't say.
    """
    content_type, parameters = request.content_type
    if (
        content_type != RequestEncodingType.MULTI_PART
        or request.headers.get("content-encoding", "identity") != "identity"
    ):
        raise UnsupportedMediaType("Send the files as `Content-Type: multipart/form-data`.")
    if parameters.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType("Send the form in UTF-8.")
    if not parameters.get("boundary"):
        raise Invalid("The Content-Type of the form has no boundary.")
    return Form(boundary=parameters["boundary"], body=request.stream(), announced=request.content_length or 0)
