"""What admins do with imports: plan, look at, start, follow and undo them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.attachments.uploads import ReceivedFile
from tracker.core.clock import Clock, utc_now
from tracker.core.database import Sessions
from tracker.core.errors import Conflict, Invalid, NotFound
from tracker.core.paging import Page, beyond, decode_cursor, encode_cursor
from tracker.core.schema import PersonRef
from tracker.imports.csv_mapping import Mapping
from tracker.imports.schemas import ImportCounts, ImportNoteView, ImportStart, ImportView, UndoExtent
from tracker.imports.undoing import extent_of, in_the_way, require_undoable
from tracker.models import DiscardedFile, ImportBatch, ImportNote, ImportSource, ImportState, User

STARTABLE = frozenset({ImportState.PLANNED, ImportState.CHECKED, ImportState.FAILED})


class ImportService:
    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._clock = clock

    async def page(self, *, cursor: str | None, limit: int) -> Page[ImportView]:
        """All imports, the latest first."""
        query = _BATCHES.order_by(ImportBatch.id.desc()).limit(limit + 1)
        if cursor:
            query = query.where(ImportBatch.id < decode_cursor(cursor, tuple[int])[0])
        rows = (await self._session.execute(query)).all()
        more, rows = len(rows) > limit, rows[:limit]
        return Page(
            items=[view_of(batch, name) for batch, name in rows],
            next_cursor=encode_cursor(rows[-1][0].id) if more else None,
        )

    async def get(self, import_id: int) -> ImportView:
        """One import.

        Raises:
            NotFound: there is none.
        """
        row = (await self._session.execute(_BATCHES.where(ImportBatch.id == import_id))).one_or_none()
        if row is None:
            raise NotFound
        return view_of(row[0], row[1])

    async def batch(self, import_id: int) -> ImportBatch:
        batch = await self._session.get(ImportBatch, import_id)
        if batch is None:
            raise NotFound
        return batch

    async def plan(self, source: ImportSource, files: Sequence[ReceivedFile]) -> ImportView:
        """Makes an import of uploaded files, which then waits to be started.

        Raises:
            Invalid: there are comments to something else than GitHub's issues.
        """
        if len(files) > 1 and source is not ImportSource.GITHUB:
            raise Invalid.field("files[1]", "Only GitHub's issues have their comments in a second file.")
        batch = ImportBatch(
            source=source,
            file_name=files[0].name,
            size=files[0].size,
            sha256=files[0].sha256,
            storage_key=files[0].storage_key,
            comments_key=files[1].storage_key if len(files) > 1 else None,
            created_by_id=self._viewer.id,
            created_at=self._clock(),
        )
        self._session.add(batch)
        await self._session.flush()
        return await self.get(batch.id)

    async def start(self, import_id: int, data: ImportStart) -> ImportView:
        """Has a worker import the file, or find out what that would do.

        Raises:
            NotFound: there is no such import.
            Conflict: it can't be started any more.
        """
        batch = await self._session.get(ImportBatch, import_id, with_for_update=True)
        if batch is None:
            raise NotFound
        if batch.state not in STARTABLE or (data.dry_run and batch.state is ImportState.FAILED):
            raise Conflict(f"The import is {batch.state}.")
        if batch.storage_key is None:
            raise Conflict("The file is not here any more. Upload it again.")
        if batch.state is not ImportState.FAILED:
            # What a dry run has found out counts no more.
            await self._session.execute(delete(ImportNote).where(ImportNote.batch_id == batch.id))
            batch.line, batch.position, batch.counts = 0, 0, {}
            batch.mapping = msgspec.to_builtins(data.mapping)
        batch.state = ImportState.CHECKING if data.dry_run else ImportState.RUNNING
        batch.error, batch.started_at, batch.finished_at = None, self._clock(), None
        await self._session.flush()
        return await self.get(import_id)

    async def notes(self, import_id: int, *, cursor: str | None, limit: int, only_errors: bool) -> Page[ImportNoteView]:
        """What there is to say about lines, in their order.

        Raises:
            NotFound: there is no such import.
        """
        await self.batch(import_id)
        query = select(ImportNote).where(ImportNote.batch_id == import_id)
        if only_errors:
            query = query.where(ImportNote.is_error)
        if cursor:
            reached = decode_cursor(cursor, tuple[int, int])
            query = query.where(beyond((ImportNote.line, ImportNote.id), reached))
        notes = (await self._session.scalars(query.order_by(ImportNote.line, ImportNote.id).limit(limit + 1))).all()
        more, notes = len(notes) > limit, notes[:limit]
        return Page(
            items=[ImportNoteView(line=note.line, is_error=note.is_error, message=note.message) for note in notes],
            next_cursor=encode_cursor(notes[-1].line, notes[-1].id) if more else None,
        )

    async def extent(self, import_id: int) -> UndoExtent:
        """What undoing it would take back.

        Raises:
            NotFound: there is no such import.
        """
        await self.batch(import_id)
        return UndoExtent(**(await extent_of(self._session, import_id))._asdict())

    async def undo(self, import_id: int, *, force: bool) -> ImportView:
        """Has a worker take the import back.

        Raises:
            NotFound: there is no such import.
            Conflict: it can't be undone, or people have worked with it since.
        """
        batch = await require_undoable(self._session, import_id)
        extent = await extent_of(self._session, import_id)
        if extent.touched and not force:
            raise in_the_way(extent.touched, extent.touched_total)
        batch.state, batch.error = ImportState.UNDOING, None
        batch.undo = {"actor_id": self._viewer.id, "force": force}
        await self._session.flush()
        return await self.get(import_id)

    async def discard(self, import_id: int) -> None:
        """Forgets an import that was never started.

        Raises:
            NotFound: there is no such import.
            Conflict: it was started.
        """
        batch = await self._session.get(ImportBatch, import_id, with_for_update=True)
        if batch is None:
            raise NotFound
        if batch.state not in {ImportState.PLANNED, ImportState.CHECKED}:
            raise Conflict(f"The import is {batch.state}.")
        await let_go_of_files(self._session, batch)
        await self._session.delete(batch)


_BATCHES = select(ImportBatch, User.full_name).outerjoin(User, User.id == ImportBatch.created_by_id)


async def let_go_of_files(session: AsyncSession, batch: ImportBatch) -> None:
    """Has the files of a batch taken out of the store."""
    keys = [key for key in (batch.storage_key, batch.comments_key) if key]
    if keys:
        await session.execute(insert(DiscardedFile), [{"storage_key": key} for key in keys])
    batch.storage_key = batch.comments_key = None


def view_of(batch: ImportBatch, created_by: str | None) -> ImportView:
    is_over = batch.state in {ImportState.DONE, ImportState.CHECKED}
    return ImportView(
        id=batch.id,
        source=batch.source,
        state=batch.state,
        file_name=batch.file_name,
        size=batch.size,
        has_comments_file=batch.comments_key is not None,
        created_by=PersonRef(id=batch.created_by_id, full_name=created_by)
        if batch.created_by_id is not None and created_by
        else None,
        created_at=batch.created_at,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        progress=1.0 if is_over else min(1.0, batch.position / batch.size) if batch.size else 0.0,
        line=batch.line,
        counts=ImportCounts(**batch.counts),
        error=batch.error,
        mapping=msgspec.convert(batch.mapping, Mapping) if batch.mapping else None,
    )


NOTES_AT_ONCE = 1000


async def notes_as_lines(sessions: Sessions, import_id: int) -> AsyncIterator[Sequence[Any]]:
    """All notes, some at a time; between two steps it holds no connection."""
    reached = (0, 0)
    while True:
        query = (
            select(ImportNote.line, ImportNote.id, ImportNote.is_error, ImportNote.message)
            .where(ImportNote.batch_id == import_id, beyond((ImportNote.line, ImportNote.id), reached))
            .order_by(ImportNote.line, ImportNote.id)
            .limit(NOTES_AT_ONCE)
        )
        async with sessions() as session:
            notes = (await session.execute(query)).all()
        if not notes:
            return
        yield notes
        reached = (notes[-1].line, notes[-1].id)
