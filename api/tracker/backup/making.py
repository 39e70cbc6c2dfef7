"""Makes a backup while everybody works on."""

import hashlib
import shutil
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tracker.attachments.retention import keep_all_files
from tracker.attachments.stores import store_at
from tracker.backup.copying import for_each, take
from tracker.backup.errors import BackupError
from tracker.backup.layout import DUMP, FILES, MANIFEST, SUMS, Manifest, sync, write_sums, write_whole
from tracker.backup.postgres import PostgresTools, count_rows, engine_of
from tracker.backup.progress import say
from tracker.core.clock import utc_now
from tracker.core.migrations import revisions
from tracker.models import Attachment
from tracker.settings import Settings

_ALONE = text("SELECT pg_try_advisory_lock(hashtext('tracker backup'))")
_NO_MIGRATION = text("SELECT pg_try_advisory_lock_shared(hashtext('tracker migrations'))")


class Moment(msgspec.Struct, frozen=True):
    """What one database snapshot shows."""

    revision: str
    rows: dict[str, int]
    sums: dict[str, str]
    """The digests of all files by key."""


async def make_backup(settings: Settings, directory: Path) -> Manifest:
    """Copies database and files, as of one moment, into an empty folder.

    Raises:
        BackupError: it can't be done; what was begun is removed again.
    """
    _prepare(directory)
    try:
        return await _make(settings, directory)
    except BaseException:
        _clear(directory)
        raise


async def _make(settings: Settings, directory: Path) -> Manifest:
    async with engine_of(settings) as engine, engine.connect() as holding:
        await hold(holding)
        created_at = utc_now()
        tools = await PostgresTools.for_server(holding, settings)
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            snapshot = str(await connection.scalar(text("SELECT pg_export_snapshot()")))
            moment = await _look(connection)
            say("Copying the database")
            await tools.dump(snapshot, directory / DUMP)
        copy = partial(take, store_at(settings.upload_store), directory)
        missing = await for_each(moment.sums, copy, "Copying files")
        await holding.scalar(text("SELECT 1"))  # or else nothing was held any more
    files = {key: moment.sums[key] for key in moment.sums.keys() - {*missing}}
    manifest = Manifest(
        version=version("issues-insights-tracker"),
        revision=moment.revision,
        created_at=created_at,
        postgresql=tools.server_version,
        rows=moment.rows,
        files=len(files),
        bytes=sum((directory / key).stat().st_size for key in files),
        missing=missing,
    )
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write_whole(directory / MANIFEST, [content])
    with (directory / DUMP).open("rb") as dump:
        dump_sum = hashlib.file_digest(dump, "sha256").hexdigest()
    sync(directory / DUMP)
    write_sums(directory, files | {DUMP: dump_sum, MANIFEST: hashlib.sha256(content).hexdigest()})
    return manifest


async def hold(connection: AsyncConnection) -> None:
    """Keeps files where they are and the schema as it is, for as long as the connection lives."""
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    if not await connection.scalar(_ALONE):
        raise BackupError("Another backup is being made. Wait for its end.")
    if not await connection.scalar(_NO_MIGRATION):
        raise BackupError("The database is being migrated. Wait for the end of `tracker migrate`.")
    await keep_all_files(connection)


async def _look(connection: AsyncConnection) -> Moment:
    # What a server may have set for all; this transaction waits for pg_dump.
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    if not await connection.scalar(text("SELECT to_regclass('alembic_version')")):
        raise BackupError("The database is empty: there is nothing to back up.")
    revision = str(await connection.scalar(text("SELECT version_num FROM alembic_version")))
    if revision not in revisions():
        raise BackupError(f"The database is of a later version ({revision}). Make the backup with that version.")
    query = select(Attachment.storage_key, Attachment.sha256).where(Attachment.removed_at.is_(None))
    sums = {file.storage_key: file.sha256 for file in await connection.execute(query)}
    return Moment(revision, await count_rows(connection), sums)


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_empty = not any(directory.iterdir())
    except OSError as error:
        raise BackupError(f"{directory} can't be used: {error.strerror}.") from error
    if not is_empty:
        raise BackupError(f"{directory} is not empty. Name a folder that is not there yet.")
    # Whatever it was: in here are the hashes of passwords, and all that people say.
    directory.chmod(0o700)


def _clear(directory: Path) -> None:
    """Removes what was begun; the folder was empty before."""
    for name in (DUMP, MANIFEST, SUMS):
        (directory / name).unlink(missing_ok=True)
        (directory / f"{name}.new").unlink(missing_ok=True)
    shutil.rmtree(directory / FILES, ignore_errors=True)
