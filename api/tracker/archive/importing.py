"""Puts an archive into an empty installation, with every number as it was."""

from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.archive.container import Reader, opened
from tracker.archive.errors import ArchiveError
from tracker.archive.schema import ATTACHMENTS, EVENTS, ISSUES, NOUNS, Manifest, Noun
from tracker.attachments.stores import CHUNK, STORE_TROUBLE, Store, new_key, store_at
from tracker.backup.progress import progress, say
from tracker.core.clock import utc_now
from tracker.core.database import database_config, refused_data
from tracker.core.migrations import is_migrated
from tracker.core.transaction import Transaction
from tracker.events.record import put_back
from tracker.issues.tags import MAX_TAG_BYTES, bytes_of, keys_of
from tracker.models import Issue
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats

LINES_AT_ONCE = 100
INDEXED_AT_ONCE = 500
# The search index is made once at the end, and not anew for each comment. Nobody else can write until all is there.
_STILL = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("issues", "comments", "attachments")]
_AGAIN = [statement.replace("DISABLE", "ENABLE") for statement in _STILL]
_INDEX = text("SELECT index_issues(:first, :last)")


async def import_archive(settings: Settings, path: Path) -> Manifest:
    """Looks through all of the archive, then brings in files, then the rest in one transaction.

    Interrupted at any point it can be run again; files that were left behind then are swept away within a day.

    Raises:
        ArchiveError: the archive is no good, or the installation is not empty.
    """
    with opened(path) as archive:
        if not await is_migrated(settings):
            raise ArchiveError("The database is not of this version. Run `tracker migrate` first.")
        database = database_config(settings, patient=True)
        try:
            async with database.get_session() as session, Transaction(session):
                await _Import(session, archive, store_at(settings.upload_store)).run()
        finally:
            await database.get_engine().dispose()
        return archive.manifest


class _Import:
    def __init__(self, session: AsyncSession, archive: Reader, store: Store) -> None:
        self._session = session
        self._archive = archive
        self._store = store

    async def run(self) -> None:
        for statement in _STILL:
            await self._session.execute(text(statement))
        await self._require_empty()
        for noun in self._archive.nouns:
            await self._bring_in(noun)
        await self._mark_duplicates()
        for noun in self._archive.nouns:
            if "id" in noun.columns:
                await self._go_on_counting(noun)
        await self._index()
        for statement in _AGAIN:
            await self._session.execute(text(statement))
        await DailyStats(self._session).refresh(utc_now())

    async def _require_empty(self) -> None:
        for noun in NOUNS:
            if (await self._session.execute(select(noun.table).limit(1))).first():
                raise ArchiveError(
                    f"The installation is not empty: there are {noun.table.name}. An archive is never mixed with what is "
                    "there. Make a new database (createdb), name it in DATABASE_URL or DB_NAME, and migrate it."
                )

    async def _bring_in(self, noun: Noun) -> None:
        with progress(noun.member, self._archive.manifest.members[noun.member].lines) as advance:
            for number, lines in enumerate(_batches(self._archive.lines(noun))):
                rows = [row async for row in self._rows(noun, lines)]
                first = number * LINES_AT_ONCE + 1
                with _blamed_on(f"{noun.member}, lines {first} to {first + len(rows) - 1}"):
                    if noun is EVENTS:
                        await put_back(self._session, rows)
                    else:
                        await self._session.execute(insert(noun.table), rows)
                advance(len(rows))

    async def _rows(self, noun: Noun, lines: Iterable[Any]) -> AsyncIterator[dict[str, Any]]:
        for line in lines:
            row = msgspec.structs.asdict(line)
            if noun is ISSUES:
                tag_keys = keys_of(line.tags)
                if bytes_of(tag_keys) > MAX_TAG_BYTES:
                    raise ArchiveError(
                        f"{ISSUES.member}: issue {line.id} has more than {MAX_TAG_BYTES:,} bytes of tags, which older versions "
                        "took. Shorten them where it comes from, and export again."
                    )
                # What it is a duplicate of may not be there yet.
                row |= {"tag_keys": tag_keys, "duplicate_of_id": None}
            elif noun is ATTACHMENTS:
                row["storage_key"] = new_key()
                if line.has_content:
                    await self._bring_in_file(row["storage_key"], line.sha256)
            yield row

    async def _bring_in_file(self, key: str, sha256: str) -> None:
        if sha256 in self._archive.files:
            await run_sync(self._copy, key, sha256)
        elif sha256 not in self._archive.manifest.missing:
            raise ArchiveError(f"files/{sha256} is not in the archive, and {ATTACHMENTS.member} names it.")

    def _copy(self, key: str, sha256: str) -> None:
        try:
            draft = self._store.new_draft()
            try:
                with self._archive.file(sha256) as file:
                    while chunk := file.read(CHUNK):
                        draft.write(chunk)
                self._store.adopt(draft, key)
            finally:
                self._store.drop(draft)
        except STORE_TROUBLE as error:
            raise ArchiveError(
                f"The file store (UPLOAD_STORE) does not take {key}: {error}. Run this again."
            ) from error

    async def _mark_duplicates(self) -> None:
        mark = (
            update(Issue.__table__)  # pyright: ignore[reportArgumentType]
            .where(Issue.id == bindparam("issue"))
            .values(duplicate_of_id=bindparam("original"))
        )
        pairs = (
            {"issue": line.id, "original": line.duplicate_of_id}
            for line in self._archive.lines(ISSUES)
            if line.duplicate_of_id is not None
        )
        for batch in _batches(pairs):
            with _blamed_on(f"{ISSUES.member}, duplicate_of_id"):
                await self._session.execute(mark, batch)

    async def _go_on_counting(self, noun: Noun) -> None:
        name = noun.table.name
        last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name} HAVING count(*) > 0"  # noqa: S608
        await self._session.execute(text(last))

    async def _index(self) -> None:
        say("Indexing")
        last = await self._session.scalar(text("SELECT max(id) FROM issues")) or 0
        for first in range(1, last + 1, INDEXED_AT_ONCE):
            await self._session.execute(_INDEX, {"first": first, "last": first + INDEXED_AT_ONCE - 1})


@contextmanager
def _blamed_on(part: str) -> Generator[None]:
    """Says of which part of the archive it is what the database does not take."""
    try:
        yield
    except DBAPIError as error:
        if reason := refused_data(error):
            raise ArchiveError(f"{part}: the database does not take them: {reason}") from error
        raise


def _batches(lines: Iterable[Any]) -> Iterator[Sequence[Any]]:
    waiting = iter(lines)
    while batch := list(islice(waiting, LINES_AT_ONCE)):
        yield batch
