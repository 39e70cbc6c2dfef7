"""Reads that everybody waits for, without what SQLAlchemy does for each statement.

asyncpg's own rows are handed out. Connections come from the same pool as everybody's.
"""

from contextlib import suppress
from typing import Any, NamedTuple

from asyncpg import Record
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from tracker.core.statements import Statement


class Failure(NamedTuple):
    """What listeners are told of a statement that failed."""

    original_exception: BaseException


class Reads:
    """Runs statements outside of any transaction: each sees what is committed then."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine: Any = engine.sync_engine

    async def fetch(self, statement: Statement, **values: Any) -> list[Record]:
        """All rows. Asks once more if the connection turns out to be dead: a restart leaves a pool of those.

        Raises:
            Exception: one that `refusal_for` knows.
        """
        arguments = statement.arguments(values)
        slot = await self._connect()
        try:
            return await self._run(slot, statement.sql, arguments)
        except Exception as error:
            if not self._discard_dead(slot, error):
                raise
        finally:
            slot.close()
        slot = await self._connect()
        try:
            return await self._run(slot, statement.sql, arguments)
        finally:
            slot.close()

    async def _connect(self) -> Any:
        # Only to wait for a connection, or to make one, it has to be a greenlet; and to become one takes a while.
        if self._engine.pool.checkedin():
            with suppress(MissingGreenlet):
                return self._engine.pool.connect()
        return await greenlet_spawn(self._engine.pool.connect)

    async def _run(self, slot: Any, sql: str, arguments: list[Any]) -> list[Record]:
        told = (None, None, sql, arguments, None, False)
        for listener in self._engine.dispatch.before_cursor_execute:
            listener(*told)
        try:
            rows: list[Record] = await slot.driver_connection.fetch(sql, *arguments)
        except BaseException as error:
            for listener in self._engine.dialect.dispatch.handle_error:
                listener(Failure(error))
            if not isinstance(error, Exception):  # given up in the middle of an answer
                slot.invalidate(error)
            raise
        for listener in self._engine.dispatch.after_cursor_execute:
            listener(*told)
        return rows

    def _discard_dead(self, slot: Any, error: Exception) -> bool:
        """With one connection all others of its age are taken for dead too, as SQLAlchemy does it itself."""
        if not slot.driver_connection.is_closed():
            return False
        self._engine.pool._invalidate(slot, error)  # noqa: SLF001 (there is no other way)
        return True
