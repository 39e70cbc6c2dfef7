"""Statements that run on asyncpg's own connections: whose pool, which transaction, and what becomes of bad ones."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from sqlalchemy import BigInteger, func, make_url, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.util import greenlet_spawn

from tests.people import Person
from tracker.core.database import database_config, refusal_for
from tracker.core.direct import take_connection
from tracker.core.errors import Refusal, Unavailable
from tracker.core.reads import Reads
from tracker.core.session import TransactionSession, run
from tracker.core.statements import Statement, parameter
from tracker.models import User
from tracker.settings import Settings

PATIENCE_SECONDS = 60

_PID = Statement(text("SELECT pg_backend_pid() AS pid"))
_DIE = Statement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
_SLEEP = Statement(text("SELECT pg_sleep(60)"))
_FAIL = Statement(text("SELECT 1 / 0"))
_RENAME = Statement(
    text("UPDATE users SET full_name = 'Renamed' WHERE id = :id").bindparams(parameter("id", BigInteger))
)

Ask = Callable[[AsyncEngine, Statement], Awaitable[Any]]


async def read(engine: AsyncEngine, statement: Statement) -> Any:
    (row,) = await Reads(engine).fetch(statement)
    return row[0]


async def write(engine: AsyncEngine, statement: Statement) -> Any:
    async with TransactionSession(engine) as session:
        (row,) = await run(session, statement)
        await session.commit()
    return row[0]


@pytest.fixture(params=[read, write])
def ask(request: pytest.FixtureRequest) -> Ask:
    return request.param


Engines = Callable[..., AsyncEngine]


@pytest.fixture
async def engines(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> AsyncGenerator[Engines]:
    """The application's, but with a single connection, and as told."""
    made: list[AsyncEngine] = []

    def make(url: str = settings.database_url, **changed: Any) -> AsyncEngine:
        config = database_config(msgspec.structs.replace(settings, database_url=url))
        for name, value in ({"pool_size": 1} | changed).items():
            setattr(config.engine_config, name, value)
        made.append(config.get_engine())
        return made[-1]

    yield make
    for engine in made:
        await engine.dispose()


async def refusal_of(asking: Awaitable[Any]) -> Refusal | None:
    """What the caller is told of the error that this ends with, whatever that is."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (it has to be known, and no matter which it is)
        await asking
    return refusal_for(caught.value)


async def pids(sessions: async_sessionmaker[AsyncSession]) -> set[int]:
    async with sessions() as session:
        return set(
            await session.scalars(text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"))
        )


async def test_a_connection_is_used_again_until_it_is_too_old(
    engines: Engines, ask: Ask, sessions: async_sessionmaker[AsyncSession]
) -> None:
    engine = engines()
    first = await ask(engine, _PID)
    assert await ask(engine, _PID) == first
    cast(Any, engine.pool)._recycle = 0
    second = await ask(engine, _PID)
    assert second != first
    assert cast(Any, engine.pool).checkedin() == 1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while first in await pids(sessions):  # the server hears of it a little later
            pass


async def test_a_connection_that_died_in_the_pool_is_replaced(
    engines: Engines, ask: Ask, sessions: async_sessionmaker[AsyncSession]
) -> None:
    engine = engines()
    first = await ask(engine, _PID)
    slot = await take_connection(engine.sync_engine)
    died = asyncio.Event()

    def tell(_: object) -> None:
        died.set()

    slot.driver_connection.add_termination_listener(tell)
    slot.close()
    async with sessions() as session:
        await session.execute(select(func.pg_terminate_backend(first)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await died.wait()
    assert await ask(engine, _PID) != first


async def test_a_connection_that_dies_at_work_is_503_and_replaced(engines: Engines, ask: Ask) -> None:
    engine = engines()
    first = await ask(engine, _PID)
    assert isinstance(await refusal_of(ask(engine, _DIE)), Unavailable)
    assert await ask(engine, _PID) != first


class Relay:
    """Between an engine and the server: it can say to the engine that the server ends its connections."""

    TERMINATED = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"

    def __init__(self, path: str) -> None:
        self._path = path
        self._to_clients: set[StreamWriter] = set()

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        to_server: StreamWriter
        from_server, to_server = await asyncio.open_unix_connection(self._path)
        self._to_clients.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                for source, target in ((reader, to_server), (from_server, writer)):
                    group.create_task(self._pass_on(source, target))
        finally:
            self._to_clients.discard(writer)

    async def _pass_on(self, source: StreamReader, target: StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
        target.close()

    def end(self) -> None:
        for client in self._to_clients:
            client.write(b"E" + (len(self.TERMINATED) + 4).to_bytes(4, "big") + self.TERMINATED)


async def test_a_connection_that_the_server_has_ended_and_not_closed_yet_is_dead(
    engines: Engines, ask: Ask, settings: Settings, tmp_path: Path
) -> None:
    real = make_url(settings.database_url)
    relay = Relay(f"{real.query['host']}/.s.PGSQL.5432")
    server = await asyncio.start_unix_server(relay.connected, tmp_path / ".s.PGSQL.5432")
    engine = engines(real.set(query={"host": str(tmp_path)}).render_as_string(hide_password=False))
    first = await ask(engine, _PID)
    relay.end()
    for _ in range(10):
        await asyncio.sleep(0)  # for asyncpg to hear of it
    if ask is write:  # which nobody may repeat without being asked
        assert isinstance(await refusal_of(ask(engine, _PID)), Unavailable)
    assert await ask(engine, _PID) != first
    await engine.dispose()
    server.close()


async def test_who_waits_too_long_for_a_connection_is_told_to_come_again(engines: Engines, ask: Ask) -> None:
    engine = engines(pool_timeout=0.01)
    slot = await take_connection(engine.sync_engine)
    refusal = await refusal_of(ask(engine, _PID))
    assert isinstance(refusal, Unavailable)
    assert "connections are in use" in refusal.detail
    slot.close()
    assert await ask(engine, _PID)


async def test_connections_are_for_those_who_came_first_and_none_is_lost_to_those_who_left(engines: Engines) -> None:
    engine = engines()
    pool: Any = engine.pool
    held = await take_connection(engine.sync_engine)
    order: list[str] = []

    async def wait(name: str, connect: Callable[[], Awaitable[Any]]) -> None:
        slot = await connect()
        order.append(name)
        slot.close()

    async def by_sqlalchemy() -> Any:
        return await greenlet_spawn(pool.connect)

    leaving = asyncio.ensure_future(wait("left", pool.connect_in_turn))
    waiting = [
        asyncio.ensure_future(wait(name, connect))
        for name, connect in (("first", by_sqlalchemy), ("second", pool.connect_in_turn), ("third", by_sqlalchemy))
    ]
    late = asyncio.ensure_future(wait("late", pool.connect_in_turn))
    while pool.turns.waiting < 5:  # noqa: ASYNC110 (nobody is told who waits)
        await asyncio.sleep(0)
    held.close()
    leaving.cancel()  # though it was given the connection just now
    newcomer = asyncio.ensure_future(wait("newcomer", pool.connect_in_turn))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*waiting, late, newcomer)
        with pytest.raises(asyncio.CancelledError):
            await leaving
    assert order == ["first", "second", "third", "late", "newcomer"]
    assert (pool.turns.free, pool.turns.waiting, pool.checkedout()) == (1, 0, 0)


async def test_no_turn_is_lost_to_a_server_that_is_away(engines: Engines, ask: Ask) -> None:
    engine = engines("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await ask(engine, _PID)
    assert cast(Any, engine.pool).turns.free == 1


async def test_whoever_gives_up_leaves_no_connection_in_the_middle_of_an_answer(
    engines: Engines, ask: Ask, sessions: async_sessionmaker[AsyncSession]
) -> None:
    engine = engines()
    first = await ask(engine, _PID)
    sleeping = asyncio.create_task(cast("Any", ask(engine, _SLEEP)))
    is_asleep = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid AND query LIKE '%pg_sleep%')")
    async with asyncio.timeout(PATIENCE_SECONDS), sessions() as session:
        while not await session.scalar(is_asleep, {"pid": first}):
            await session.rollback()
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert await ask(engine, _PID) != first


@pytest.mark.parametrize("first", ["prepared statement", "SQLAlchemy"])
@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_prepared_statements_and_sqlalchemy_share_a_transaction(
    reporter: Person, sessions: async_sessionmaker[AsyncSession], first: str, end: str
) -> None:
    by_sqlalchemy = update(User).where(User.id == reporter.id).values(external_id="elsewhere").returning(User.full_name)
    async with sessions() as session:
        if first == "prepared statement":
            await run(session, _RENAME, id=reporter.id)
            assert await session.scalar(by_sqlalchemy) == "Renamed"
        else:
            await session.scalar(by_sqlalchemy)
            await run(session, _RENAME, id=reporter.id)
        (row,) = await run(session, _PID)
        assert row["pid"] == await session.scalar(select(func.pg_backend_pid()))
        await getattr(session, end)()
    async with sessions() as session:
        user = await session.get_one(User, reporter.id)
    assert (user.full_name == "Renamed", user.external_id == "elsewhere") == (end == "commit",) * 2


async def test_what_was_not_committed_is_gone(reporter: Person, sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions() as session:
        await run(session, _RENAME, id=reporter.id)
    async with sessions() as session:
        assert (await session.get_one(User, reporter.id)).full_name == reporter.name


async def test_a_transaction_of_one_statement_is_committed_with_it_and_has_no_other(
    reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session, sessions() as other:
        assert isinstance(session, TransactionSession)
        session.expect_one()
        await run(session, _RENAME, id=reporter.id)
        assert (await other.get_one(User, reporter.id)).full_name == "Renamed"
        with pytest.raises(RuntimeError):
            await run(session, _PID)
        with pytest.raises(RuntimeError):
            await session.scalar(select(User.id))
        await session.rollback()
        assert await run(session, _PID)


async def test_after_a_failure_the_transaction_is_over_and_the_connection_good(engines: Engines) -> None:
    engine = engines()
    async with TransactionSession(engine) as session:
        (first,) = await run(session, _PID)
        with pytest.raises(Exception, match="division by zero"):
            await run(session, _FAIL)
        await session.rollback()
        (second,) = await run(session, _PID)
        await session.commit()
    assert first == second
