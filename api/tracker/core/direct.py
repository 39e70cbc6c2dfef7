"""Statements on asyncpg's own connections, taken from the same pool as everybody's.

SQLAlchemy's way to run a statement takes several times as long as PostgreSQL takes to answer most of them. What
listens to its engine hears of these statements as well.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from asyncpg import InternalClientError, Record


class Failure(NamedTuple):
    """What listeners are told of a statement that failed."""

    original_exception: BaseException


async def take_connection(engine: Any) -> Any:
    """A connection of the (synchronous) engine's pool, to be closed in the end. None that is known to be dead."""
    slot: Any = await engine.pool.connect_in_turn()
    if slot.driver_connection.is_closed():
        _discard(engine, slot)
        slot.close()
        slot = await engine.pool.connect_in_turn()
    return slot


async def fetch(engine: Any, slot: Any, sql: str, arguments: Sequence[Any]) -> list[Record]:
    """All rows that a statement answers with, on a connection of the engine's pool.

    Raises:
        Exception: one that `refusal_for` knows.
    """
    told = (None, None, sql, arguments, None, False)
    for listener in engine.dispatch.before_cursor_execute:
        listener(*told)
    try:
        rows: list[Record] = await slot.driver_connection.fetch(sql, *arguments)
    except BaseException as error:
        for listener in engine.dialect.dispatch.handle_error:
            listener(Failure(error))
        if not isinstance(error, Exception):  # given up in the middle of an answer
            slot.invalidate(error)
        raise
    for listener in engine.dispatch.after_cursor_execute:
        listener(*told)
    return rows


def discard_if_dead(engine: Any, slot: Any, error: Exception) -> bool:
    """Also one that the server has ended, and that has not been closed yet: asyncpg calls that an internal error."""
    is_ended = isinstance(error, InternalClientError) or isinstance(error.__cause__, InternalClientError)
    is_dead = is_ended or slot.driver_connection.is_closed()
    if is_dead:
        _discard(engine, slot, error)
    return is_dead


def _discard(engine: Any, slot: Any, error: Exception | None = None) -> None:
    """With one connection all others of its age are taken for dead too, as SQLAlchemy does it itself."""
    engine.pool._invalidate(slot, error)  # noqa: SLF001 (there is no other way)
