"""Puts a backup into an empty database, perhaps of another cluster, and its files into the store."""

from functools import partial
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tracker.attachments.stores import store_at
from tracker.backup.copying import for_each, put
from tracker.backup.errors import BackupError
from tracker.backup.layout import DUMP, FILES, Manifest, read_manifest, read_sums
from tracker.backup.postgres import PostgresTools, count_rows, engine_of
from tracker.backup.progress import say
from tracker.backup.verifying import verify_backup
from tracker.core.migrations import revisions
from tracker.settings import Settings

REBASE = Path(__file__).with_name("rebase.sql")

_TABLES = text("""
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname
""")


async def restore_backup(settings: Settings, directory: Path) -> Manifest:
    """Looks whether the backup is whole, then copies its files, then its database in one transaction.

    Killed at any point it can be run again: the database is empty until all is there.

    Raises:
        BackupError: the backup is damaged or of a later version, or the database is not empty.
    """
    manifest = read_manifest(directory)
    if manifest.revision not in revisions():
        raise BackupError(
            f"{directory} was made by version {manifest.version}, whose database schema ({manifest.revision}) is unknown "
            "here. Install that version or a later one."
        )
    async with engine_of(settings) as engine, engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await _require_empty(connection)
        tools = await PostgresTools.for_server(connection, settings)
        await _require_whole(directory)
        sums, _ = read_sums(directory)
        files = {path: sums[path] for path in sums if path.startswith(f"{FILES}/")}
        if await for_each(files, partial(put, store_at(settings.upload_store), directory), "Copying files"):
            raise BackupError(f"{directory} changes while it is read. Nothing was restored into the database.")
        say("Restoring the database")
        await tools.restore(directory / DUMP, REBASE.read_text(encoding="utf-8"))
        if (rows := await count_rows(connection)) != manifest.rows:
            raise BackupError(f"The database has other numbers of rows than the backup: {rows}, not {manifest.rows}.")
    return manifest


async def _require_whole(directory: Path) -> None:
    _, troubles = await verify_backup(directory)
    if troubles:
        raise BackupError("\n".join([f"{directory} is damaged; use another backup:", *troubles]))


async def _require_empty(connection: AsyncConnection) -> None:
    if tables := list(await connection.scalars(_TABLES)):
        raise BackupError(
            f"The database is not empty: it has tables ({', '.join(tables[:5])}…). Nothing is ever restored over data. "
            "Make a new one (createdb) and name it in DATABASE_URL or DB_NAME."
        )
