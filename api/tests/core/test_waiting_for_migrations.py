"""`tracker migrate --wait`, which replicas of a new version begin with."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.processes import TRACKER, environment_of
from tracker.core.database import database_config
from tracker.core.migrations import migrations
from tracker.settings import Settings

PATIENCE_SECONDS = 60


@pytest.fixture
async def empty(settings: Settings) -> AsyncGenerator[Settings]:
    """Those of a database that nobody has migrated."""
    engine = database_config(settings).get_engine().execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("DROP DATABASE IF EXISTS unmigrated"))
        await connection.execute(text("CREATE DATABASE unmigrated"))
        url = make_url(settings.database_url).set(database="unmigrated")
        yield msgspec.structs.replace(settings, database_url=url.render_as_string(hide_password=False))
        await connection.execute(text("DROP DATABASE unmigrated WITH (FORCE)"))
    await engine.dispose()


async def waited(settings: Settings, seconds: int) -> tuple[int | None, str]:
    command = [str(TRACKER), "migrate", "--wait", str(seconds)]
    process = await asyncio.create_subprocess_exec(*command, env=environment_of(settings), stdout=PIPE, stderr=PIPE)
    _, told = await process.communicate()
    return process.returncode, told.decode()


async def looks(sessions: async_sessionmaker[AsyncSession]) -> int:
    """How often somebody has connected to the unmigrated database."""
    async with sessions() as session:
        query = "SELECT sessions FROM pg_stat_database WHERE datname = 'unmigrated'"
        return await session.scalar(text(query)) or 0


async def test_who_waits_goes_on_as_soon_as_somebody_has_migrated(
    empty: Settings, sessions: async_sessionmaker[AsyncSession]
) -> None:
    waiting = asyncio.create_task(waited(empty, 60))
    await asyncio.to_thread(migrations(empty).upgrade, "0003")
    before = await looks(sessions)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await looks(sessions) < before + 2:  # noqa: ASYNC110  # nothing tells us
            await asyncio.sleep(0.05)
    assert not waiting.done()
    await asyncio.to_thread(migrations(empty).upgrade)
    assert await waiting == (0, "")


async def test_who_waits_in_vain_says_why(settings: Settings, empty: Settings) -> None:
    nowhere = make_url(settings.database_url).set(database="nowhere").render_as_string(hide_password=False)
    in_vain, without_database, at_once = await asyncio.gather(
        waited(empty, 3), waited(msgspec.structs.replace(settings, database_url=nowhere), 3), waited(settings, 30)
    )
    assert in_vain == (1, "Error: After 3 seconds nobody has migrated the database.\n")
    assert without_database[0] == 1
    assert "the database can't be used" in without_database[1]
    assert at_once == (0, "")
