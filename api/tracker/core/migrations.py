"""Alembic, told where the database and the migrations are."""

from pathlib import Path

from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tracker.core.database import database_config
from tracker.settings import Settings

SCRIPTS = Path(__file__).resolve().parents[3] / "migrations"


def migrations(settings: Settings) -> AlembicCommands:
    config = database_config(settings, patient=True)
    config.alembic_config.script_location = str(SCRIPTS)
    return AlembicCommands(config)


def revisions() -> list[str]:
    """All that this version of the tracker knows, the latest first."""
    return [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]


async def is_migrated(settings: Settings) -> bool:
    """Whether the schema is what this version needs, or what a later one made of it."""
    engine = database_config(settings, patient=True).get_engine()
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(_revisions)
    finally:
        await engine.dispose()
    _, *outdated = revisions()
    return bool(found) and not set(outdated).intersection(found)


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()
