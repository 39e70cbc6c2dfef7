from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from click.testing import CliRunner, Result
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tracker.cli import tracker
from tracker.settings import Settings


@pytest.fixture
def runner(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> CliRunner:
    return CliRunner(env={"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key})


async def run(runner: CliRunner, *arguments: str | Path, command: str = "jira") -> Result:
    # The command has an event loop of its own.
    return await run_sync(runner.invoke, tracker, ["import", command, *map(str, arguments)])
