"""How an import reaches the database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.database import Sessions
from tracker.core.transaction import Transaction


@asynccontextmanager
async def begin(sessions: Sessions, *, dry_run: bool) -> AsyncGenerator[AsyncSession]:
    """A transaction of its own; in a dry run PostgreSQL sees to it that nothing is written."""
    async with sessions() as session, Transaction(session):
        if dry_run:
            await session.execute(text("SET TRANSACTION READ ONLY"))
        yield session
