"""How Alembic reaches the database; started by `tracker migrate`."""

import asyncio
import time
from typing import cast

from advanced_alchemy.alembic.commands import AlembicCommandConfig
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.models import Base

# Waiting for a lock longer than this would make everybody else wait behind the migration.
LOCK_SECONDS = 5
ASK_SECONDS = 0.1

config = cast("AlembicCommandConfig", context.config)


def migrate(connection: Connection) -> None:
    _wait_for_others(connection)
    connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
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


def _wait_for_others(connection: Connection) -> None:
    """One migration at a time, however many pods start.

    Whoever waited within the database would be a transaction, for the end of which an index that the other one makes
    concurrently would wait in turn.

    Raises:
        DBAPIError: they take too long.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('tracker migrations'))")):
        connection.commit()
        if time.monotonic() > deadline:
            connection.execute(text("SET lock_timeout = '1ms'"))
            connection.execute(text("SELECT pg_advisory_lock(hashtext('tracker migrations'))"))
            return
        time.sleep(ASK_SECONDS)


async def main() -> None:
    engine = cast("AsyncEngine", config.engine)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


asyncio.run(main())
