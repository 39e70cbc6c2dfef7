"""An import that is killed, wherever it is, and run again ends where an undisturbed one does."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from tests.imports.exports import content, imported, random_export, write_export
from tests.processes import TRACKER, environment_of
from tracker.core.database import Sessions
from tracker.imports.batches import Batches
from tracker.imports.jira import read_entries
from tracker.imports.running import Run
from tracker.imports.tally import Outcome, Tally
from tracker.models import Base, ImportSource
from tracker.settings import Settings

PATIENCE_SECONDS = 120


async def empty(sessions: Sessions) -> None:
    async with sessions() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "installation":
                await session.execute(table.delete())
        await session.commit()


async def count(sessions: Sessions, query: str) -> int:
    async with sessions() as session:
        return await session.scalar(text(query)) or 0


async def test_killed_processes_lose_and_double_nothing(settings: Settings, sessions: Sessions, tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.ndjson", random_export(Random(11), 200))
    await imported(settings, path)
    undisturbed = await content(sessions)
    duplicates = await count(sessions, "SELECT count(duplicate_of_id) FROM issues")
    await empty(sessions)

    environment = environment_of(settings)
    points = [("SELECT count(*) FROM issues", number) for number in sorted(Random().sample(range(1, 190), 2))]
    points += [("SELECT count(duplicate_of_id) FROM issues", duplicates // 2)]
    for query, number in points:
        process = await asyncio.create_subprocess_exec(TRACKER, "import", "jira", path, env=environment)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.returncode is None and await count(sessions, query) < number:  # noqa: ASYNC110  # nothing tells us
                await asyncio.sleep(0.005)
        assert process.returncode is None, f"was done before there were {number}"
        process.kill()
        await process.wait()
        assert await content(sessions) != undisturbed

    process = await asyncio.create_subprocess_exec(TRACKER, "import", "jira", path, env=environment)
    assert await process.wait() == 0
    assert await content(sessions) == undisturbed, points


class Crash(BaseException):
    """What nobody catches."""


class Fragile:
    """A connection to the database that breaks the program at the n-th statement."""

    def __init__(self, settings: Settings) -> None:
        self._engine = create_async_engine(settings.database_url)
        self.sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self.statements = 0
        self.crash_at: int | None = None
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._before)
        event.listen(self._engine.sync_engine, "commit", self._before)

    def _before(self, *_: Any) -> None:
        self.statements += 1
        if self.statements == self.crash_at:
            raise Crash

    async def aclose(self) -> None:
        await self._engine.dispose()


@pytest.fixture
async def fragile(settings: Settings) -> AsyncGenerator[Fragile]:
    fragile = Fragile(settings)
    yield fragile
    await fragile.aclose()


async def run(sessions: Sessions, path: Path) -> Tally:
    tally = Tally()
    batch = await Batches(sessions).begin(ImportSource.JIRA, path)
    await Run(sessions, tally, batch).go(read_entries(path))
    await Batches(sessions).end(batch.id)
    return tally


async def test_it_may_crash_before_any_statement_and_any_commit(
    fragile: Fragile, sessions: Sessions, tmp_path: Path
) -> None:
    path = write_export(tmp_path / "export.ndjson", random_export(Random(5), 12))
    await run(fragile.sessions, path)
    undisturbed, statements = await content(sessions), fragile.statements
    assert statements > 80
    await empty(sessions)

    for crash_at in sorted(Random(3).sample(range(1, statements + 1), 30)):
        fragile.statements, fragile.crash_at = 0, crash_at
        with pytest.raises(Crash):
            await run(fragile.sessions, path)
        fragile.crash_at = None
        await run(fragile.sessions, path)
        assert await content(sessions) == undisturbed, f"after a crash at statement {crash_at}"
        await empty(sessions)


async def test_two_imports_at_once_wait_for_each_other(settings: Settings, sessions: Sessions, tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.ndjson", random_export(Random(2), 60))
    (first, _), (second, _) = await asyncio.gather(imported(settings, path), imported(settings, path))
    assert sorted([first.issues, second.issues], key=str) == [{Outcome.NEW: 60}, {Outcome.UNCHANGED: 60}]
    assert await count(sessions, "SELECT count(*) FROM issues") == 60
