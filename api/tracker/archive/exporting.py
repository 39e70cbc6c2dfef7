"""Writes an archive while everybody works on."""

import hashlib
import tempfile
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from anyio.to_thread import run_sync
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tracker.archive.container import Writer, content_hash
from tracker.archive.errors import ArchiveError
from tracker.archive.schema import BATCHES, CHANGES, LINKS, NOTES, NOUNS, PEOPLE, Manifest, Noun
from tracker.attachments.stores import STORE_TROUBLE, Store, store_at
from tracker.backup.layout import sync
from tracker.backup.making import hold
from tracker.backup.postgres import engine_of
from tracker.backup.progress import progress
from tracker.core.clock import utc_now
from tracker.core.migrations import is_migrated
from tracker.models import Attachment, ImportBatch, ImportState, ScanStatus
from tracker.settings import Settings

ROWS_AT_ONCE = 100
"""Descriptions may be large."""
_BEGUN = (ImportState.RUNNING, ImportState.DONE, ImportState.FAILED, ImportState.UNDOING, ImportState.UNDONE)
"""The other imports have changed nothing, and can't go on without their file."""
_CUT_OFF = {"state": ImportState.FAILED, "error": "It was not over when the archive was made."}


async def export_archive(settings: Settings, path: Path, *, with_passwords: bool) -> Manifest:
    """Writes all, as of one moment, into a new file that is there entirely or not at all.

    Raises:
        ArchiveError: it can't be done.
    """
    if not await is_migrated(settings):
        raise ArchiveError("The database is not of this version. Run `tracker migrate` first.")
    async with engine_of(settings) as engine, engine.connect() as holding, engine.connect() as connection:
        await hold(holding)
        await connection.execution_options(isolation_level="REPEATABLE READ")
        with _new_file(path) as file:
            manifest = await _Export(connection, store_at(settings.upload_store), file).write(with_passwords)
            await holding.scalar(text("SELECT 1"))  # or else nothing was held any more
    return manifest


@contextmanager
def _new_file(path: Path) -> Generator[IO[bytes]]:
    """Is there when all went well, and stays when the machine fails."""
    if path.exists():
        raise ArchiveError(f"{path} is there already. Name a file that is not.")
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            draft.chmod(0o600)  # all that people say is in here
            yield file
        sync(draft)
        draft.replace(path)
        sync(path.absolute().parent)
    except OSError as error:
        raise ArchiveError(f"{path} can't be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)


class _Export:
    def __init__(self, connection: AsyncConnection, store: Store, file: IO[bytes]) -> None:
        self._connection = connection
        self._store = store
        self._writer = Writer(file)

    async def write(self, with_passwords: bool) -> Manifest:  # noqa: FBT001 (it has a name where it matters)
        created_at = utc_now()
        # What a server may have set for all; this transaction waits for the file store.
        await self._connection.execute(text("SET LOCAL statement_timeout = 0"))
        await self._connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        for noun in NOUNS:
            await self._write_noun(noun, hidden={"password_hash"} if noun is PEOPLE and not with_passwords else set())
        files, missing = await self._write_files()
        manifest = Manifest(
            version=version("issues-insights-tracker"),
            created_at=created_at,
            content=content_hash(self._writer.members),
            has_passwords=with_passwords,
            members=self._writer.members,
            files=files,
            missing=missing,
        )
        self._writer.finish(manifest)
        return manifest

    async def _write_noun(self, noun: Noun, hidden: set[str]) -> None:
        columns = [noun.table.c[name] for name in noun.columns]
        query = select(*columns).order_by(*noun.table.primary_key)
        if noun is BATCHES:
            query = query.where(ImportBatch.state.in_(_BEGUN))
        elif noun in {NOTES, CHANGES, LINKS}:
            query = query.where(noun.table.c.batch_id.in_(select(ImportBatch.id).where(ImportBatch.state.in_(_BEGUN))))
        total = await self._connection.scalar(select(func.count()).select_from(query.subquery())) or 0
        with self._writer.member(noun.member) as member, progress(noun.member, total) as advance:
            async for row in self._rows(query):
                line = row._asdict() | dict.fromkeys(hidden)
                member.write(line | _CUT_OFF if noun is BATCHES and row.state is ImportState.RUNNING else line)
                advance(1)

    async def _write_files(self) -> tuple[int, list[str]]:
        """Each content once, however many attachments have it."""
        has_content = (Attachment.removed_at.is_(None), Attachment.scan_status != ScanStatus.INFECTED)
        query = select(Attachment.sha256, Attachment.storage_key).where(*has_content)
        total = await self._connection.scalar(select(func.count()).select_from(query.subquery())) or 0
        count, last, missing = 0, "", dict[str, None]()
        with progress("files", total) as advance:
            async for row in self._rows(query.order_by(Attachment.sha256, Attachment.id)):
                advance(1)
                if row.sha256 == last:
                    continue
                if await run_sync(self._copy, row.storage_key, row.sha256):
                    count, last = count + 1, row.sha256
                    missing.pop(last, None)  # if another attachment's was lost
                else:
                    missing[row.sha256] = None
        return count, list(missing)

    def _copy(self, key: str, sha256: str) -> bool:
        """Adds a file; False if the store does not have it as it was received."""
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as draft:
            try:
                stored = self._store.open(key)
                try:
                    for chunk in stored.read(0, stored.size):
                        digest.update(chunk)
                        draft.write(chunk)
                finally:
                    stored.close()
            except FileNotFoundError:
                return False
            except STORE_TROUBLE as error:
                raise ArchiveError(f"The file store (UPLOAD_STORE) can't be read: {error}.") from error
            if digest.hexdigest() != sha256:
                return False
            draft.seek(0)
            self._writer.add_file(sha256, draft)
            return True

    async def _rows(self, query: Any) -> AsyncIterator[Any]:
        result = await self._connection.stream(query, execution_options={"yield_per": ROWS_AT_ONCE})
        async for row in result:
            yield row
