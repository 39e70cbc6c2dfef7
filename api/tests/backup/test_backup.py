"""Making a backup, whatever happens meanwhile."""

import asyncio
import os
import stat
from asyncio.subprocess import DEVNULL, create_subprocess_exec
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.attachments.uploading import attached, contents_of
from tests.backup.conftest import Run, content_of, files_in
from tests.core.test_crash import UNTOLD
from tests.people import Person, accepted
from tests.processes import TRACKER, environment_of
from tracker.attachments.retention import Retention
from tracker.attachments.storage import Storage
from tracker.backup.postgres import connection_environment
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.settings import Settings

SECONDS = 60

Issues = list[dict[str, Any]]


@pytest.fixture
def retention(settings: Settings, sessions: Sessions) -> Retention:
    return Retention(JobContext(settings, sessions), Storage.of(settings))


def names_at(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_it_says_what_is_in_it_and_lets_nobody_else_read_it(backup: Path, run: Run, settings: Settings) -> None:
    assert names_at(backup) == ["SHA256SUMS", "database.dump", "files", "manifest.json"]
    assert mode_of(backup) == 0o700
    manifest = msgspec.json.decode((backup / "manifest.json").read_bytes())
    assert (manifest["format"], manifest["rows"]["issues"], manifest["files"]) == (1, 4, 3)
    result = await run(settings, "backup", "verify", backup)
    assert result.exit_code == 0
    assert "is whole: 4 issues, 3 people and 3 files" in result.stdout


async def test_sha256sum_can_check_it_too(backup: Path) -> None:
    check = await create_subprocess_exec("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=backup)
    assert await check.wait() == 0


async def test_what_is_copied_is_one_moment_of_an_installation_that_is_written_to(
    run: Run,
    settings: Settings,
    elsewhere: Settings,
    maintainer: Person,
    issues: Issues,
    retention: Retention,
    tmp_path: Path,
) -> None:
    is_done, has_begun, rounds = False, asyncio.Event(), count()

    async def repeat(step: Callable[[int], Awaitable[Any]]) -> None:
        while not is_done:
            await step(next(rounds))

    async def write(number: int) -> None:
        issue = issues[number % 2]
        [file] = await attached(maintainer, issue, (f"{number}.txt", f"File {number}".encode()))
        await maintainer.change(issue["id"], title=f"Title {number}")
        await maintainer.comment(issue["id"], f"Comment {number}")
        assert (await maintainer.delete(f"/issues/{issue['id']}/attachments/{file['id']}")).status_code == 204
        await maintainer.open_issue(f"New {number}")
        has_begun.set()

    async def remove(_: int) -> None:
        await retention.remove_discarded()
        await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        for step in (write, write, write, remove):
            group.create_task(repeat(step))
        await has_begun.wait()
        result = await run(settings, "backup", tmp_path / "backup")
        is_done = True
    assert result.exit_code == 0, result.output
    result = await run(elsewhere, "restore", tmp_path / "backup")
    assert result.exit_code == 0, result.output

    engine = create_async_engine(elsewhere.database_url)
    async with engine.connect() as connection:
        for trouble, query in UNTOLD.items():
            assert list(await connection.scalars(text(query))) == [], trouble
        keys = await connection.scalars(text("SELECT storage_key FROM attachments WHERE removed_at IS NULL"))
        assert sorted(keys) == sorted(name for name in await content_of(elsewhere) if name.startswith("files/"))
        copied = await connection.scalar(text("SELECT count(*) FROM issues"))
    await engine.dispose()
    assert 4 < (copied or 0) < accepted(await maintainer.get("/issues/"))["total"]


async def held_at_the_files(settings: Settings, directory: Path, folder: Path) -> asyncio.subprocess.Process:
    """A backup that has copied the database and now waits for a file that never comes."""
    stuck = files_in(folder)[0]
    stuck.unlink()
    os.mkfifo(stuck)
    process = await create_subprocess_exec(
        TRACKER, "backup", directory, env=environment_of(settings), stdout=DEVNULL, stderr=DEVNULL
    )
    async with asyncio.timeout(SECONDS):
        while not (directory / "files").exists():
            assert process.returncode is None
            await asyncio.sleep(0.02)
    return process


async def test_no_job_removes_files_while_a_backup_copies_them_nor_does_another_backup_begin(
    run: Run, settings: Settings, folder: Path, tmp_path: Path, reporter: Person, issues: Issues, retention: Retention
) -> None:
    [file] = await attached(reporter, issues[0], ("doomed.txt", b"doomed"))
    orphan = folder / "files" / "ab" / f"ab{'0' * 30}"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"orphan")
    os.utime(orphan, (0, 0))
    backup = await held_at_the_files(settings, tmp_path / "backup", folder)
    try:
        assert (await reporter.delete(f"/issues/{issues[0]['id']}/attachments/{file['id']}")).status_code == 204
        assert await retention.remove_discarded() == 0
        assert await retention.sweep_orphans() == 0
        assert orphan.exists()
        second = await run(settings, "backup", tmp_path / "second")
        assert (second.exit_code, "Another backup" in second.stderr) == (1, True)
    finally:
        backup.kill()
        await backup.wait()
    async with asyncio.timeout(SECONDS):
        while not await retention.remove_discarded():  # noqa: ASYNC110  # nothing tells us when
            await asyncio.sleep(0.02)
    assert await retention.sweep_orphans() == 1
    assert not {b"doomed", b"orphan"} & {*contents_of(folder)}


async def test_none_begins_while_the_database_is_migrated(
    run: Run, settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    async with sessions() as session:
        await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('tracker migrations'))"))
        result = await run(settings, "backup", tmp_path / "backup")
    assert (result.exit_code, "being migrated" in result.stderr) == (1, True)


async def test_an_interrupted_backup_is_not_taken_for_a_whole_one(
    run: Run, settings: Settings, elsewhere: Settings, folder: Path, tmp_path: Path, issues: Issues
) -> None:
    directory = tmp_path / "backup"
    process = await held_at_the_files(settings, directory, folder)
    process.kill()
    await process.wait()
    for command in (["backup", "verify"], ["restore"]):
        result = await run(elsewhere, *command, directory)
        assert (result.exit_code, "not a whole backup" in result.stderr) == (1, True)
    again = await run(settings, "backup", directory)
    assert (again.exit_code, "not empty" in again.stderr) == (1, True)


async def test_files_that_the_store_has_lost_are_named_and_the_rest_is_kept(
    run: Run, settings: Settings, elsewhere: Settings, folder: Path, tmp_path: Path, issues: Issues
) -> None:
    lost, damaged, kept = files_in(folder)
    lost.unlink()
    damaged.write_bytes(b"rot")
    result = await run(settings, "backup", tmp_path / "backup")
    assert result.exit_code == 3
    for path in (lost, damaged):
        assert path.relative_to(folder).as_posix() in result.stderr
    assert (await run(settings, "backup", "verify", tmp_path / "backup")).exit_code == 0
    result = await run(elsewhere, "restore", tmp_path / "backup")
    assert result.exit_code == 0, result.output
    assert contents_of(Path(elsewhere.upload_store)) == [kept.read_bytes()]


async def test_a_full_disk_is_told_and_nothing_is_kept(
    run: Run, settings: Settings, reporter: Person, issues: Issues, small_disk: Path
) -> None:
    await attached(reporter, issues[0], ("large.txt", b"large\n" * 200_000))
    result = await run(settings, "backup", small_disk / "backup")
    assert (result.exit_code, "No space left" in result.stderr) == (1, True)
    assert names_at(small_disk / "backup") == []


async def test_without_postgresql_or_its_tools_it_says_what_is_needed(
    run: Run, settings: Settings, issues: Issues, tmp_path: Path
) -> None:
    away = msgspec.structs.replace(settings, database_url="postgresql+asyncpg://127.0.0.1:9/tracker")
    result = await run(away, "backup", tmp_path / "one")
    assert (result.exit_code, "database" in result.stderr) == (1, True)
    os.environ["PG_BIN"] = str(tmp_path)
    try:
        result = await run(settings, "backup", tmp_path / "two")
    finally:
        del os.environ["PG_BIN"]
    assert (result.exit_code, "or name their folder in PG_BIN" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        (
            "postgresql+asyncpg://me:p%40ss%2F@db.example:5433/tracker?ssl=verify-full",
            {
                "PGUSER": "me",
                "PGPASSWORD": "p@ss/",
                "PGHOST": "db.example",
                "PGPORT": "5433",
                "PGSSLMODE": "verify-full",
            },
        ),
        ("postgresql+asyncpg://postgres@/tracker?host=/run/sockets", {"PGUSER": "postgres", "PGHOST": "/run/sockets"}),
    ],
)
def test_the_tools_are_told_of_the_same_database(url: str, environment: dict[str, str]) -> None:
    assert connection_environment(url) == environment | {"PGDATABASE": "tracker", "PGAPPNAME": "tracker backup"}
