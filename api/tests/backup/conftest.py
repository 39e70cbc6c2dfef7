"""An installation with something in it, and a new cluster to restore it into."""

import tempfile
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import pytest
from anyio.to_thread import run_sync
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.attachments.files import png
from tests.attachments.uploading import attached
from tests.disks import folder, small_disk
from tests.people import Person
from tests.processes import environment_of
from tests.s3 import bucket, s3_server
from tracker.attachments.jobs import REMOVE_DISCARDED_FILES
from tracker.cli import tracker
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.local.databases import postgres
from tracker.settings import Settings, async_driver_url
from tracker.statistics.jobs import REFRESH_DAILY_STATS

__all__ = ["bucket", "folder", "s3_server", "small_disk"]

Run = Callable[..., Awaitable[Result]]

REBASED = {"events": "txid", "installation": "id", "statistics_progress": "seen"}


@pytest.fixture
async def issues(
    reporter: Person, maintainer: Person, admin: Person, settings: Settings, sessions: Sessions, folder: Path
) -> list[dict[str, Any]]:
    """Three of them, with something in every table that people fill."""
    issues = [await reporter.open_issue(f"Issue {number}", tags=["Ünïcode", "ui"]) for number in range(3)]
    await attached(reporter, issues[0], ("notes.txt", b"It fails on Mondays."), ("shot.png", png()))
    deleted, _ = await attached(reporter, issues[1], ("deleted.txt", b"deleted"), ("empty lines.log", b"\n\n\n"))
    await maintainer.delete(f"/issues/{issues[1]['id']}/attachments/{deleted['id']}")
    await reporter.delete(f"/issues/{issues[1]['id']}/attachments/{deleted['id']}")
    await maintainer.comment(issues[0]["id"], "Backslash \\. and\ttab, \\N and “quotes”.")
    await maintainer.change(issues[0]["id"], status="done")
    await admin.delete(f"/issues/{issues[2]['id']}")
    await reporter.post("/issues/", json={"title": "Once"}, headers={"Idempotency-Key": "once"})
    for job in (REMOVE_DISCARDED_FILES, REFRESH_DAILY_STATS):
        await job.run(JobContext(settings, sessions))
    return issues


@pytest.fixture(scope="session")
def other_cluster() -> Generator[str]:
    """The URL of a PostgreSQL that has given away hardly any transaction numbers yet."""
    with tempfile.TemporaryDirectory() as directory, postgres(Path(directory), durable=False) as url:
        yield url


@pytest.fixture
async def elsewhere(settings: Settings, other_cluster: str, tmp_path: Path) -> Settings:
    """An empty database of that cluster, and an empty store."""
    name = f"restored_{token_hex(4)}"
    engine = create_async_engine(async_driver_url(other_cluster), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    url = async_driver_url(other_cluster.replace("/tracker?", f"/{name}?"))
    return msgspec.structs.replace(settings, database_url=url, upload_store=str(tmp_path / "store"))


@pytest.fixture
def run() -> Run:
    """`await run(settings, "backup", directory)`: a command as it is typed."""

    async def run(settings: Settings, *arguments: str | Path) -> Result:
        runner = CliRunner(env=environment_of(settings))
        # The command has an event loop of its own.
        return await run_sync(runner.invoke, tracker, [str(argument) for argument in arguments])

    return run


@pytest.fixture
async def backup(run: Run, settings: Settings, issues: list[dict[str, Any]], tmp_path: Path) -> Path:
    """A whole one."""
    directory = tmp_path / "backup"
    result = await run(settings, "backup", directory)
    assert result.exit_code == 0, result.output
    return directory


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def content_of(settings: Settings) -> dict[str, str]:
    """A digest of every table and the content of every file, but for what is made anew in another cluster."""
    engine = create_async_engine(settings.database_url)
    async with engine.connect() as connection:
        content = {name: await _digest(connection, name) for name in await _tables(connection)}
    await engine.dispose()
    folder = Path(settings.upload_store)
    return content | {path.relative_to(folder).as_posix(): path.read_bytes().hex() for path in files_in(folder)}


async def _tables(connection: Any) -> list[str]:
    return list(await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))


async def _digest(connection: Any, name: str) -> str:
    row = f"to_jsonb({name})" + (f" - '{REBASED[name]}'" if name in REBASED else "")
    query = f"SELECT count(*) || ' ' || md5(string_agg(row, E'\\n' ORDER BY row)) FROM (SELECT ({row})::text AS row FROM {name})"
    return str(await connection.scalar(text(query)))
