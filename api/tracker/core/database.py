"""Engine and session factory, and what a database error means to the caller."""

import asyncio

import asyncpg
from advanced_alchemy.extensions.litestar import (
    AlembicAsyncConfig,
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tracker.core.errors import Conflict, Invalid, Refusal, Unavailable
from tracker.core.pool import FairPool
from tracker.core.session import TransactionSession
from tracker.settings import Settings

Sessions = async_sessionmaker[AsyncSession]

STATEMENT_SECONDS = 5
_AWAY = (
    asyncpg.exceptions.InterfaceError,
    asyncpg.exceptions.InternalClientError,  # the server has ended the connection, which is not closed yet
    OSError,
    asyncio.TimeoutError,
)


def database_config(settings: Settings, *, replica: bool = False, patient: bool = False) -> SQLAlchemyAsyncConfig:
    """The database as advanced-alchemy wants it described.

    Args:
        settings: where it is.
        replica: the one to read statistics from, if there is one.
        patient: without the short time-outs that protect a server; for migrations, imports and other commands.
    """
    limits = {
        "statement_timeout": str(STATEMENT_SECONDS * 1000),
        "lock_timeout": "3000",
        "idle_in_transaction_session_timeout": "10000",
    }
    return SQLAlchemyAsyncConfig(
        connection_string=(replica and settings.database_read_url) or settings.database_url,
        session_config=AsyncSessionConfig(expire_on_commit=False),
        # It would put the time of the flush over an `updated_at` that a service set to what it was already.
        enable_touch_updated_timestamp_listener=False,
        engine_config=EngineConfig(
            poolclass=FairPool,
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=STATEMENT_SECONDS,
            pool_recycle=1800,
            pool_pre_ping=False,
            hide_parameters=True,  # an error is logged with its statement, and must not tell what people wrote
            connect_args={
                "timeout": 5,
                "command_timeout": None if patient else STATEMENT_SECONDS + 2,
                "server_settings": {"application_name": "tracker", "jit": "off"} | ({} if patient else limits),
            },
        ),
        alembic_config=AlembicAsyncConfig(version_table_name="alembic_version", render_as_batch=False),
    )


def session_maker(config: SQLAlchemyAsyncConfig) -> Sessions:
    return async_sessionmaker(config.get_engine(), class_=TransactionSession, expire_on_commit=False)


def autocommit_session_maker(config: SQLAlchemyAsyncConfig) -> Sessions:
    """For reads, each statement of which sees what is committed then, as in a transaction at READ COMMITTED.

    Without the round trips that begin and end a transaction, which take longer than most reads themselves.
    """
    engine = config.get_engine().execution_options(isolation_level="AUTOCOMMIT")
    return async_sessionmaker(engine, expire_on_commit=False)


def refusal_for(error: BaseException) -> Refusal | None:
    """What to tell the caller about a database error, wherever in the chain of causes it sits; None if it isn't one."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, PoolTimeout):
            return Unavailable("All database connections are in use. Try again in a moment.")
        if isinstance(link, InterfaceError) or (isinstance(link, DBAPIError) and link.connection_invalidated):
            return Unavailable("The database can't be reached. Try again in a moment.")
        if isinstance(link, StatementError) and isinstance(link.orig, OverflowError):
            return Invalid("A value is out of range.")  # a date, say, that has no place in UTC
        if isinstance(link, asyncpg.PostgresError):
            return _refusal_for_sqlstate(str(getattr(link, "sqlstate", "")))
        if isinstance(link, _AWAY):
            return Unavailable("The database can't be reached. Try again in a moment.")
        link = link.__cause__ or link.__context__
    return None


def refused_data(error: DBAPIError) -> str | None:
    """Why the database does not take what it was given, in its own words; None if that is not what is wrong."""
    is_about_data = str(getattr(error.orig, "sqlstate", ""))[:2] in {"22", "23", "54"}
    if error.connection_invalidated or not is_about_data or error.orig is None:
        return None
    return str(error.orig.__cause__ or error.orig)


def _refusal_for_sqlstate(code: str) -> Refusal | None:
    match code[:2], code:
        case "22", _:
            return Invalid("A value is not one that can be stored.")
        case "23", _:
            return Conflict()
        case "40", _:
            return Unavailable("Two changes got in each other's way. Send it again.")
        case _, "57014":
            return Unavailable("This takes too long to find out. Ask for less, or try again in a moment.")
        case ("08" | "53" | "57" | "58", _) | (_, "55P03" | "25P03" | "25P02"):
            return Unavailable()
        case _:
            return None
