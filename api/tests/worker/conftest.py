import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tracker.core.jobs import JobContext
from tracker.local.databases import valkey
from tracker.settings import Settings
from tracker.worker import queue

At = Callable[[datetime], JobContext]


@pytest.fixture
def at(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> At:
    """What jobs work with at a moment: `await purge_trash(at(moment))`."""
    return lambda moment: JobContext(settings, sessions, clock=lambda: moment)


@pytest.fixture
def redis_directory() -> Generator[Path]:
    """Where a test may run a Valkey of its own, and stop it."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture
async def redis(redis_directory: Path) -> AsyncGenerator[ArqRedis]:
    """A queue of jobs that only this test knows."""
    with valkey(redis_directory, durable=False) as url:
        pool = queue(url)
        yield pool
        await pool.aclose(close_connection_pool=True)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """That of a `tracker …` process on the database of the tests."""
    return {**os.environ, "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key}


@pytest.fixture
def night() -> datetime:
    """Two o'clock, some years after all that tests do."""
    return datetime(2040, 1, 1, 2, tzinfo=UTC)
