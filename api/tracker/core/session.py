"""Sessions in whose transactions prepared statements run without what SQLAlchemy does for each.

Whoever needs a connection first, a prepared statement or SQLAlchemy, takes it; the other shares it, and with it the
transaction.
"""

from typing import Any, cast

from asyncpg import Record
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from tracker.core.direct import discard_if_dead, fetch, take_connection
from tracker.core.statements import Statement


class _Sharing(Session):
    slot: Any = None
    """The connection on which prepared statements have begun the transaction."""
    _shared: Connection | None = None
    expects_one = False
    """Whether the next statement is to be the whole transaction."""
    had_it = False

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        self.require_more()
        bind = super().get_bind(*arguments, **options)
        if self.slot is None:
            return bind
        if self._shared is None:
            self._shared = Connection(bind.engine, self.slot)
        return self._shared

    def let_go(self) -> Any:
        slot, self.slot, self._shared = self.slot, None, None
        self.expects_one = self.had_it = False
        return slot

    def require_more(self) -> None:
        if self.had_it:
            raise RuntimeError("there is another statement, and the first has been committed")


class TransactionSession(AsyncSession):
    """SQLAlchemy's, which takes no part in a transaction of prepared statements alone: that would take longest."""

    sync_session_class = _Sharing

    @property
    def _sharing(self) -> _Sharing:
        return cast("_Sharing", self.sync_session)

    def expect_one(self) -> None:
        """Says that the next statement, one that is prepared, will be the whole transaction, which need not begin then.

        Another one raises `RuntimeError`, because it could not be rolled back together with the first.
        """
        self._sharing.expects_one = True

    def is_alone(self) -> bool:
        """Whether the statement about to be run, with which a transaction would begin, is all of it."""
        own = self._sharing
        own.require_more()
        own.had_it = own.expects_one
        return own.had_it

    async def take_slot(self) -> Any:
        """The transaction's connection."""
        own = self._sharing
        if own.slot is None and not own.in_transaction():
            own.slot = await take_connection(own.bind)
        return own.slot or await _slot_of(self)

    async def commit(self) -> None:
        if self.in_transaction():
            await super().commit()
        await self._end(keep=True)

    async def rollback(self) -> None:
        if self.in_transaction():
            await super().rollback()
        await self._end(keep=False)

    async def close(self) -> None:
        await super().close()
        await self._end(keep=False)

    async def __aexit__(self, *raised: object) -> None:
        if self._sharing.slot is None and not self.in_transaction():
            self.sync_session.close()  # waits for nothing, so it needs neither a task nor a greenlet
        else:
            await super().__aexit__(*raised)

    async def _end(self, *, keep: bool) -> None:
        slot = self._sharing.let_go()
        if slot is None:
            return
        try:
            adapted = slot.dbapi_connection
            if slot.is_valid and adapted._started:  # noqa: SLF001 (SQLAlchemy may have ended it, or not)
                await (adapted._commit_and_discard() if keep else adapted._rollback_and_discard())  # noqa: SLF001
        except BaseException as error:
            slot.invalidate(error)
            raise
        finally:
            slot.close()


async def run(session: AsyncSession, statement: Statement, **values: Any) -> list[Record]:
    """All rows that the statement answers with, within the session's transaction.

    Values go to asyncpg as they are: JSON as text, for one.

    Raises:
        Exception: one that `refusal_for` knows.
    """
    arguments = statement.arguments(values)
    slot = await (session.take_slot() if isinstance(session, TransactionSession) else _slot_of(session))
    bind: Any = session.sync_session.bind
    engine = bind.engine
    try:
        adapted = slot.dbapi_connection
        if not (adapted._started or _is_alone(session)):  # noqa: SLF001 (its own way to begin runs a statement, too)
            await adapted._start_transaction()  # noqa: SLF001
        return await fetch(engine, slot, statement.sql, arguments)
    except Exception as error:
        discard_if_dead(engine, slot, error)
        raise


async def _slot_of(session: AsyncSession) -> Any:
    connection: Any = await session.connection()
    return connection.sync_connection.connection


def _is_alone(session: AsyncSession) -> bool:
    return isinstance(session, TransactionSession) and session.is_alone()
