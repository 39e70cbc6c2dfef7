"""Alembic, told where the database and the migrations are."""

from pathlib import Path

from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.script import ScriptDirectory

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
