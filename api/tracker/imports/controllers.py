"""Imports over HTTP, for admins."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation
from litestar.openapi.spec.media_type import OpenAPIMediaType
from litestar.openapi.spec.request_body import RequestBody
from litestar.openapi.spec.schema import Schema
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.guards import admins_only
from tracker.accounts.viewer import Viewer
from tracker.attachments.controllers import form_in
from tracker.attachments.forms import PART_NAME
from tracker.attachments.storage import Storage
from tracker.attachments.uploads import fingerprint
from tracker.core.admission import LIMITED_BY
from tracker.core.errors import Conflict
from tracker.core.openapi import READ, READ_ONE, WRITE, WRITE_ONE, refusals
from tracker.core.paging import Cursor, Limit, Page
from tracker.core.request import STREAMED_BODY, TrackerRequest
from tracker.core.schema import PathId
from tracker.core.transaction import Transaction
from tracker.imports.files import FILES, fetched, receive, recognised
from tracker.imports.jobs import RUN_IMPORTS
from tracker.imports.preview import preview_of, read_table, require_mapping
from tracker.imports.schemas import (
    ImportNoteView,
    ImportPreview,
    ImportStart,
    ImportView,
    PreviewRequest,
    UndoExtent,
    UndoRequest,
)
from tracker.imports.services import ImportService, notes_as_lines
from tracker.issues.export import no_formula
from tracker.models import ImportSource, ImportState

Only = Annotated[
    Literal["errors"] | None, QueryParameter(description="`errors` leaves out notes on lines that are imported.")
]


async def provide_imports(session: NamedDependency[AsyncSession], viewer: NamedDependency[Viewer]) -> ImportService:
    return ImportService(session, viewer)


@dataclass
class ImportOperation(Operation):
    """Documents the form that an upload is."""

    def __post_init__(self) -> None:
        file = Schema(type="string", format="binary")  # pyright: ignore[reportArgumentType]
        files = Schema(type="array", items=file, min_items=1, max_items=FILES)  # pyright: ignore[reportArgumentType]
        form = Schema(type="object", required=[PART_NAME], properties={PART_NAME: files})  # pyright: ignore[reportArgumentType]
        self.request_body = RequestBody(required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)})


class ImportController(Controller):
    path = "/imports"
    tags = ["Administration"]
    guards = [admins_only]
    dependencies = {"imports": provide_imports}

    @get("/", operation_id="listImports", summary="All imports, the latest first", responses=READ | refusals(403))
    async def list_imports(
        self, imports: NamedDependency[ImportService], cursor: Cursor = None, limit: Limit = 50
    ) -> Page[ImportView]:
        return await imports.page(cursor=cursor, limit=limit)

    @post(
        "/",
        operation_id="planImport",
        operation_class=ImportOperation,
        summary="Upload a file of issues",
        status_code=201,
        response_description="The import, which waits to be started.",
        responses=WRITE | refusals(403, 408, 507),
        request_max_body_size=None,
        opt={STREAMED_BODY: True, LIMITED_BY: "uploads"},
    )
    async def plan_import(
        self,
        request: TrackerRequest,
        session: NamedDependency[AsyncSession],
        imports: NamedDependency[ImportService],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[ImportView]:
        """A multipart form with the file as a part named `files`, compressed by gzip or not, up to 200 MiB.

        What it is, is seen by how it begins: a table in CSV whose first row names the columns; issues as Jira's REST
        API shows them, one a line; or what GitHub's REST API answers for issues, where a second file may hold what it
        answers for comments. Nothing is imported yet; what is not started within a week is forgotten.
        """
        form = form_in(request)
        # No connection to the database waits for a client's bytes.
        await session.close()
        storage: Storage = state.storage
        async with (
            receive(form, storage, max_bytes=state.settings.import_max_bytes) as files,
            transaction.of(fingerprint(files)),
        ):
            async with fetched(storage, files[0].storage_key, head=True) as head:
                source = recognised(await storage.run(head.read_bytes))
            planned = await imports.plan(source, files)
            headers = {"Location": f"/imports/{planned.id}"}
            return await transaction.answer(planned, status_code=201, headers=headers)

    @get("/{import_id:str}", operation_id="readImport", summary="One import", responses=READ_ONE | refusals(403))
    async def read_import(self, import_id: PathId, imports: NamedDependency[ImportService]) -> ImportView:
        """How far it is, and what came of it."""
        return await imports.get(import_id)

    @delete(
        "/{import_id:str}",
        operation_id="discardImport",
        summary="Forget an import that was not started",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def discard_import(
        self,
        import_id: PathId,
        imports: NamedDependency[ImportService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        async with transaction:
            await imports.discard(import_id)
            return await transaction.answer(status_code=204)

    @post(
        "/{import_id:str}/preview",
        operation_id="previewImport",
        summary="The beginning of the file as it would be imported",
        status_code=200,
        response_description="Columns, first rows, and what would become of them.",
        responses=WRITE_ONE | refusals(403),
    )
    async def preview_import(
        self,
        import_id: PathId,
        data: JSONBody[PreviewRequest],
        session: NamedDependency[AsyncSession],
        imports: NamedDependency[ImportService],
        state: State,
        transaction: NamedDependency[Transaction],
    ) -> Response[ImportPreview]:
        """With the mapping given, or for a table without one, with what its columns' names suggest."""
        batch = await imports.batch(import_id)
        await session.close()
        if batch.storage_key is None:
            raise Conflict("The file is not here any more. Upload it again.")
        async with fetched(state.storage, batch.storage_key, head=True) as file:
            preview = await state.storage.run(preview_of, batch, file, data.mapping)
        async with transaction:
            return await transaction.answer(preview)

    @post(
        "/{import_id:str}/start",
        operation_id="startImport",
        summary="Start an import, or a dry run",
        status_code=202,
        response_description="The import, on its way.",
        responses=WRITE_ONE | refusals(403),
    )
    async def start_import(
        self,
        import_id: PathId,
        data: JSONBody[ImportStart],
        session: NamedDependency[AsyncSession],
        imports: NamedDependency[ImportService],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[ImportView]:
        """A worker does the work; `GET /imports/{import_id}` tells how far it is.

        A dry run counts and reports what an import would do, and writes nothing; it can be followed by the import
        itself. One that failed goes on where it was.
        """
        batch = await imports.batch(import_id)
        await session.close()
        if batch.source is ImportSource.CSV and batch.storage_key and batch.state is not ImportState.FAILED:
            async with fetched(state.storage, batch.storage_key, head=True) as head:
                require_mapping(await state.storage.run(read_table, head), data.mapping)
        async with transaction:
            started = await imports.start(import_id, data)
            answer = await transaction.answer(started, status_code=202)
        state.job_queue.ask_for(RUN_IMPORTS.name)
        return answer

    @get(
        "/{import_id:str}/notes",
        operation_id="listImportNotes",
        summary="What an import has to say about lines",
        responses=READ_ONE | refusals(403),
    )
    async def list_import_notes(
        self,
        import_id: PathId,
        imports: NamedDependency[ImportService],
        cursor: Cursor = None,
        limit: Limit = 50,
        only: Only = None,
    ) -> Page[ImportNoteView]:
        """Why a line is not imported, or what of it was changed or left out; in the order of lines."""
        return await imports.notes(import_id, cursor=cursor, limit=limit, only_errors=only is not None)

    @get(
        "/{import_id:str}/notes.csv",
        operation_id="exportImportNotes",
        summary="The same as a table",
        media_type="text/csv",
        response_description="A line of names, then one note a line.",
        responses=READ_ONE | refusals(403),
    )
    async def export_import_notes(
        self, import_id: PathId, imports: NamedDependency[ImportService], state: State
    ) -> Stream:
        """For spreadsheets."""
        await imports.batch(import_id)
        headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.csv"', "Cache-Control": "no-store"}
        return Stream(_notes_table(state, import_id), media_type="text/csv; charset=utf-8", headers=headers)

    @get(
        "/{import_id:str}/undo",
        operation_id="readUndo",
        summary="What undoing an import would take back",
        responses=READ_ONE | refusals(403),
    )
    async def read_undo(self, import_id: PathId, imports: NamedDependency[ImportService]) -> UndoExtent:
        """And with which of its issues people or later imports have worked since."""
        return await imports.extent(import_id)

    @post(
        "/{import_id:str}/undo",
        operation_id="undoImport",
        summary="Take an import back as if it had never been",
        status_code=202,
        response_description="The import, being undone.",
        responses=WRITE_ONE | refusals(403),
    )
    async def undo_import(
        self,
        import_id: PathId,
        data: JSONBody[UndoRequest],
        imports: NamedDependency[ImportService],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[ImportView]:
        """What it brought in goes; what it changed is again as it was; people it made go, unless they are used.

        Refused (409) if people or later imports have worked with any of its issues since; `errors` names them. With
        `force`, what it brought in goes all the same, and other issues that were changed since stay as they are.
        """
        async with transaction:
            answer = await transaction.answer(await imports.undo(import_id, force=data.force), status_code=202)
        state.job_queue.ask_for(RUN_IMPORTS.name)
        return answer


async def _notes_table(state: State, import_id: int) -> AsyncIterator[bytes]:
    yield b"line,imported,message\r\n"
    async for notes in notes_as_lines(state.autocommit_sessions, import_id):
        text = io.StringIO()
        csv.writer(text).writerows(
            (note.line, "no" if note.is_error else "yes", no_formula(note.message)) for note in notes
        )
        yield text.getvalue().encode()
