"""Reads that everybody waits for, without what SQLAlchemy does for each statement.

asyncpg's own rows are handed out. Connections come from the same pool as everybody's.
"""

from typing import Any

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.core.direct import discard_if_dead, fetch, take_connection
from tracker.core.remembered import Remembered
from tracker.core.statements import Statement

ESTIMATES = 4096
"""So many are remembered at most."""
ESTIMATE_SECONDS = 60.0
"""The planner's statistics change less often."""


class Reads:
    """Runs statements outside of any transaction: each sees what is committed then."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine: Any = engine.sync_engine
        self._estimates: Remembered[tuple[str, str], list[Record]] = Remembered(
            most=ESTIMATES, seconds=ESTIMATE_SECONDS
        )

    async def estimate(self, statement: Statement, **values: Any) -> list[Record]:
        """What the planner expects, as it did a while ago if it was asked then."""
        key = statement.sql, repr(statement.arguments(values))
        known = self._estimates.get(key)
        if known is None:
            known = await self.fetch(statement, **values)
            self._estimates.put(key, known)
        return known

    async def fetch(self, statement: Statement, **values: Any) -> list[Record]:
        """All rows. Asks once more if the connection turns out to be dead: a restart leaves a pool of those.

        Raises:
            Exception: one that `refusal_for` knows.
        """
        arguments = statement.arguments(values)
        slot = await take_connection(self._engine)
        try:
            return await fetch(self._engine, slot, statement.sql, arguments)
        except Exception as error:
            if not discard_if_dead(self._engine, slot, error):
                raise
        finally:
            slot.close()
        slot = await take_connection(self._engine)
        try:
            return await fetch(self._engine, slot, statement.sql, arguments)
        finally:
            slot.close()
