"""How Alembic reaches the database; started by `tracker migrate`."""

import asyncio
from typing import cast

from advanced_alchemy.alembic.commands import AlembicCommandConfig
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.models import Base

# Waiting for a lock longer than this would make everybody else wait behind the migration.
LOCK_TIMEOUT = "5s"

config = cast("AlembicCommandConfig", context.config)


def migrate(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    # One migration at a time, however many pods start.
    connection.execute(text("SELECT pg_advisory_lock(hashtext('tracker migrations'))"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        version_table=config.version_table_name,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    engine = cast("AsyncEngine", config.engine)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


asyncio.run(main())
