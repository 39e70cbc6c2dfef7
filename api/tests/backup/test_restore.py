"""What comes back from a backup, and goes on from there."""

import hashlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.backup.conftest import Run, content_of
from tests.people import Person, accepted, transport_to
from tests.realtime.listener import listening, serving
from tracker.app import create_app
from tracker.attachments.stores import store_at
from tracker.backup.layout import read_sums
from tracker.core.clock import utc_now
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.core.transaction import Transaction
from tracker.events.record import PastEvent, record_history
from tracker.models import EventType
from tracker.operations.jobs import JOBS, perform
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats

Issues = list[dict[str, Any]]

# As after years, in which a cluster gives away more transaction numbers than a new one has.
_AGE = (
    "UPDATE events SET txid = CAST(CAST(CAST(CAST(txid AS text) AS bigint) + 1000000 AS text) AS xid8)",
    "UPDATE statistics_progress SET seen = '2000000:2000000:'",
)


@pytest.fixture
async def cursor(reporter: Person, issues: Issues) -> str:
    """What the reporter had seen of the installation that is backed up."""
    return accepted(await reporter.get("/events"))["cursor"]


@pytest.fixture
async def restored(
    cursor: str, backup: Path, run: Run, settings: Settings, elsewhere: Settings, sessions: Sessions, tmp_path: Path
) -> AsyncGenerator[Litestar]:
    """A replica on what was restored elsewhere."""
    async with sessions() as session:
        for statement in _AGE:
            await session.execute(text(statement))
        await session.commit()
    result = await run(settings, "backup", tmp_path / "aged")
    assert result.exit_code == 0, result.output
    result = await run(elsewhere, "restore", tmp_path / "aged")
    assert result.exit_code == 0, result.output
    app = create_app(elsewhere)
    async with app.lifespan():
        yield app


@pytest.fixture
async def again(restored: Litestar, reporter: Person) -> AsyncGenerator[Person]:
    """The reporter, still signed in."""
    person = Person(transport_to(restored), reporter.id, reporter.name, reporter.role, reporter.email)
    person.sign_in_with(reporter.token)
    yield person
    await person.aclose()


async def test_every_table_and_file_is_what_it_was(restored: Litestar, settings: Settings, elsewhere: Settings) -> None:
    content = await content_of(settings)
    assert len(content) > 15
    assert await content_of(elsewhere) == content


async def test_an_old_cursor_is_told_to_load_anew_and_a_new_one_works(again: Person, cursor: str) -> None:
    batch = accepted(await again.get("/events", params={"after": cursor}))
    assert (batch["reset"], batch["events"]) == (True, [])
    issue = await again.open_issue("After")
    later = accepted(await again.get("/events", params={"after": batch["cursor"]}))
    assert [event["issue_id"] for event in later["events"]] == [issue["id"]]
    history = accepted(await again.get(f"/issues/{issue['id']}/history"))["items"]
    assert history


async def test_sockets_are_reset_and_live_again(restored: Litestar, again: Person, cursor: str) -> None:
    async with serving(restored) as address, listening(address, again.token, cursor) as listener:
        assert listener.resets == 1
        issue = await again.open_issue("Live")
        [event] = await listener.events(1)
        assert (event["type"], event["issue"]["id"]) == ("issue.created", issue["id"])


async def test_files_can_be_downloaded_again(again: Person, issues: Issues) -> None:
    address = f"/issues/{issues[0]['id']}/attachments"
    for file in accepted(await again.get(address)):
        content = (await again.get(f"{address}/{file['id']}/content")).content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


async def test_all_jobs_run_and_remove_nothing(restored: Litestar, elsewhere: Settings) -> None:
    before = {name for name in await content_of(elsewhere) if "/" in name}
    context = JobContext(elsewhere, restored.state.sessions)
    for job in JOBS.values():
        await perform(job, context)
    assert {name for name in await content_of(elsewhere) if "/" in name} == before


async def test_days_that_were_to_be_counted_anew_are(
    sessions: Sessions, issues: Issues, settings: Settings, run: Run, elsewhere: Settings, tmp_path: Path
) -> None:
    now = utc_now()
    past = now - timedelta(days=20)
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(now)
    async with sessions() as session, Transaction(session):
        closed = PastEvent(past, EventType.ISSUE_UPDATED, {"status": ("open", "done")})
        reopened = PastEvent(past + timedelta(days=3), EventType.ISSUE_UPDATED, {"status": ("done", "open")})
        await record_history(session, issues[1]["id"], [closed, reopened])
    for command in ((settings, "backup"), (elsewhere, "restore")):
        result = await run(*command, tmp_path / "backup")
        assert result.exit_code == 0, result.output
    app = create_app(elsewhere)
    async with app.lifespan(), app.state.sessions() as session, Transaction(session):
        assert await DailyStats(session).refresh(now) == past.date()


async def test_a_filled_database_is_left_alone(backup: Path, run: Run, settings: Settings) -> None:
    before = await content_of(settings)
    result = await run(settings, "restore", backup)
    assert (result.exit_code, "not empty" in result.stderr) == (1, True)
    assert await content_of(settings) == before


async def rewrite(backup: Path, **changed: Any) -> None:
    """Another manifest, with its digest as it should be."""
    manifest = msgspec.json.encode(msgspec.json.decode((backup / "manifest.json").read_bytes()) | changed)
    (backup / "manifest.json").write_bytes(manifest)
    sums, _ = read_sums(backup)
    sums["manifest.json"] = hashlib.sha256(manifest).hexdigest()
    (backup / "SHA256SUMS").write_text("".join(f"{digest}  {path}\n" for path, digest in sums.items()))


async def test_a_backup_of_a_later_version_is_refused(backup: Path, run: Run, elsewhere: Settings) -> None:
    await rewrite(backup, revision="9999", version="7.0")
    result = await run(elsewhere, "restore", backup)
    assert result.exit_code == 1
    assert "version 7.0" in result.stderr
    assert "Install that version" in result.stderr
    await rewrite(backup, format=2, revision=None)
    for command in (["backup", "verify"], ["restore"]):
        result = await run(elsewhere, *command, backup)
        assert (result.exit_code, "later version" in result.stderr) == (1, True)


async def test_a_database_that_can_not_take_it_stays_empty(
    backup: Path, run: Run, settings: Settings, elsewhere: Settings
) -> None:
    broken = (backup / "database.dump").read_bytes()[:-2000]
    (backup / "database.dump").write_bytes(broken)
    sums, _ = read_sums(backup)
    sums["database.dump"] = hashlib.sha256(broken).hexdigest()
    (backup / "SHA256SUMS").write_text("".join(f"{digest}  {path}\n" for path, digest in sums.items()))
    result = await run(elsewhere, "restore", backup)
    assert (result.exit_code, "pg_restore failed" in result.stderr) == (1, True)
    engine = create_async_engine(elsewhere.database_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
    await engine.dispose()


async def test_files_come_from_one_bucket_and_go_into_another(
    run: Run, settings: Settings, elsewhere: Settings, backup: Path, bucket: str, folder: Path, tmp_path: Path
) -> None:
    in_bucket = msgspec.structs.replace(elsewhere, upload_store=bucket)
    result = await run(in_bucket, "restore", backup)
    assert result.exit_code == 0, result.output
    result = await run(in_bucket, "backup", tmp_path / "of a bucket")
    assert result.exit_code == 0, result.output
    sums, _ = read_sums(tmp_path / "of a bucket")
    files = [path for path in sums if path.startswith("files/")]
    assert len(files) == 3
    for path in files:
        stored = store_at(bucket).open(path)
        content = (folder / path).read_bytes()
        assert b"".join(stored.read(0, stored.size)) == content == (tmp_path / "of a bucket" / path).read_bytes()
