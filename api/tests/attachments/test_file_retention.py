"""Files that are too old, deleted, or the remains of crashes; time is moved, not waited for."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.attachments.uploading import attached, contents_of, download, names_in, upload
from tests.people import Person, accepted, refused
from tests.processes import TRACKER, environment_of
from tracker.attachments.jobs import remove_discarded_files, remove_expired_files, sweep_orphaned_files
from tracker.attachments.retention import Retention
from tracker.attachments.storage import Storage
from tracker.attachments.stores import new_key
from tracker.core.database import Sessions
from tracker.core.errors import Unavailable
from tracker.core.jobs import JobContext
from tracker.issues.jobs import purge_trash
from tracker.models import Attachment, DiscardedFile, Event
from tracker.settings import Settings

Later = Callable[[timedelta], JobContext]


@pytest.fixture
def later(settings: Settings, sessions: Sessions, folder: Path) -> Later:
    """What jobs work with after some time: `await remove_expired_files(later(timedelta(days=31)))`."""
    return lambda wait: JobContext(settings, sessions, clock=lambda: datetime.now(UTC) + wait)


async def history_of(person: Person, issue: dict[str, Any]) -> list[dict[str, Any]]:
    return accepted(await person.get(f"/issues/{issue['id']}/history"))["items"]


async def test_a_file_is_removed_when_its_retention_is_over_and_its_row_stays(
    reporter: Person, folder: Path, later: Later
) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, ("a.txt", b"one"))
    before = accepted(await reporter.get(f"/issues/{issue['id']}"))
    assert await remove_expired_files(later(timedelta(days=30, minutes=-1))) == 0
    assert await remove_expired_files(later(timedelta(days=30, minutes=1))) == 1
    assert contents_of(folder) == []
    [now] = accepted(await reporter.get(f"/issues/{issue['id']}/attachments"))
    assert now["removed_at"] > file["expires_at"]
    assert now == file | {"removed_at": now["removed_at"], "expires_at": None}
    assert "retention" in refused(await download(reporter, issue, file), 404)["detail"]
    # Nobody did anything, so the issue is not moved up in lists.
    assert accepted(await reporter.get(f"/issues/{issue['id']}")) == before
    entry = (await history_of(reporter, issue))[-1]
    assert (entry["type"], entry["field"], entry["old"]) == ("attachment.updated", "removed_at", None)
    assert datetime.fromisoformat(entry["new"]) == datetime.fromisoformat(now["removed_at"])
    assert (entry["attachment"], entry["actor"]) == ({"id": file["id"], "name": "a.txt"}, None)
    assert await remove_expired_files(later(timedelta(days=60))) == 0


async def test_what_staff_keeps_stays_until_it_does_not(
    reporter: Person, maintainer: Person, folder: Path, later: Later
) -> None:
    issue = await reporter.open_issue()
    kept, old = await attached(reporter, issue, ("kept.txt", b"kept"), ("old.txt", b"old"))
    address = f"/issues/{issue['id']}/attachments"
    await maintainer.patch(f"{address}/{kept['id']}", json={"keep": True})
    assert await remove_expired_files(later(timedelta(days=365))) == 1
    assert contents_of(folder) == [b"kept"]
    refused(await maintainer.patch(f"{address}/{old['id']}", json={"keep": True}), 409)
    await maintainer.patch(f"{address}/{kept['id']}", json={"keep": False})
    assert await remove_expired_files(later(timedelta(days=365))) == 1
    assert contents_of(folder) == []


async def test_a_removed_file_makes_room_and_can_still_be_deleted(reporter: Person, later: Later) -> None:
    issue = await reporter.open_issue()
    files = await attached(reporter, issue, *[(f"{number}.txt", b"x") for number in range(20)])
    refused(await upload(reporter, issue, ("more.txt", b"y")), 409)
    assert await remove_expired_files(later(timedelta(days=31))) == 20
    await attached(reporter, issue, ("more.txt", b"y"))
    assert (await reporter.delete(f"/issues/{issue['id']}/attachments/{files[0]['id']}")).status_code == 204
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 20


async def test_a_dry_run_names_what_would_go_and_leaves_it(
    reporter: Person, settings: Settings, folder: Path, sessions: Sessions
) -> None:
    issue = await reporter.open_issue()
    await attached(reporter, issue, ("new.txt", b"new"), ("old.txt", b"old"))
    async with sessions() as session:
        month_ago = datetime.now(UTC) - timedelta(days=31)
        await session.execute(update(Attachment).where(Attachment.name == "old.txt").values(created_at=month_ago))
        await session.commit()

    async def tracker(*command: str) -> str:
        environment = environment_of(settings)
        process = await asyncio.create_subprocess_exec(TRACKER, *command, env=environment, stdout=PIPE)
        said, _ = await process.communicate()
        assert process.returncode == 0
        return said.decode()

    assert await tracker("jobs", "run", "remove-expired-files", "--dry-run") == f"#{issue['id']} old.txt\n"
    assert contents_of(folder) == [b"new", b"old"]
    await tracker("jobs", "run", "remove-expired-files")
    assert contents_of(folder) == [b"new"]
    assert await tracker("jobs", "run", "remove-expired-files", "--dry-run") == ""


async def test_a_deleted_file_leaves_the_store(reporter: Person, folder: Path, later: Later) -> None:
    issue = await reporter.open_issue()
    gone, stays = await attached(reporter, issue, ("a.txt", b"one"), ("b.txt", b"two"))
    await reporter.delete(f"/issues/{issue['id']}/attachments/{gone['id']}")
    assert await remove_discarded_files(later(timedelta(0))) == 1
    assert contents_of(folder) == [b"two"]
    assert (await download(reporter, issue, stays)).content == b"two"


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_purged_issue_takes_its_files_with_it(
    reporter: Person, admin: Person, folder: Path, later: Later, *, by_hand: bool
) -> None:
    issue, other = await reporter.open_issue(), await reporter.open_issue()
    await attached(reporter, issue, ("a.txt", b"one"), ("b.txt", b"two"))
    await attached(reporter, other, ("c.txt", b"three"))
    await admin.delete(f"/issues/{issue['id']}")
    assert await remove_discarded_files(later(timedelta(0))) == 0
    if by_hand:
        assert (await admin.delete(f"/issues/trash/{issue['id']}")).status_code == 204
    else:
        assert await purge_trash(later(timedelta(days=31))) == 1
    assert len(contents_of(folder)) == 3
    assert await remove_discarded_files(later(timedelta(0))) == 2
    assert contents_of(folder) == [b"three"]


async def test_a_job_that_is_killed_half_way_is_finished_by_the_next(
    reporter: Person, folder: Path, later: Later, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = await reporter.open_issue()
    await attached(reporter, issue, ("a.txt", b"one"))

    async def killed(*_: object) -> None:
        raise Unavailable

    month = later(timedelta(days=31))
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "delete", killed)
        with pytest.raises(Unavailable):
            await remove_expired_files(month)
    assert contents_of(folder) == [b"one"]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(DiscardedFile)) == 1
        events = select(func.count()).where(Event.type == "attachment.updated")
        assert await session.scalar(events) == 1
        assert await remove_expired_files(month) == 0
        assert await session.scalar(events) == 1
    assert contents_of(folder) == []


async def test_remains_of_crashes_are_swept_and_nothing_else(
    reporter: Person, settings: Settings, folder: Path, later: Later
) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, ("a.txt", b"one"))
    orphan, half, fresh = folder / new_key(), folder / "incoming" / "tmpabc", folder / new_key()
    for path in (orphan, half, fresh):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"orphan")
    day_ago = datetime.now(UTC).timestamp() - 86_400 - 60
    for name in names_in(folder):
        if not fresh.samefile(folder / name):
            os.utime(folder / name, (day_ago, day_ago))
    context = later(timedelta(0))
    orphans = await Retention(context, Storage.of(settings)).orphans()
    assert orphans == [orphan.relative_to(folder).as_posix(), "incoming/tmpabc"]
    assert len(contents_of(folder)) == 4
    assert await sweep_orphaned_files(context) == 2
    assert contents_of(folder) == [b"one", b"orphan"]
    assert (await download(reporter, issue, file)).content == b"one"
    assert await sweep_orphaned_files(later(timedelta(days=2))) == 1
    assert contents_of(folder) == [b"one"]


async def test_the_sweep_goes_on_over_many_files(
    reporter: Person, folder: Path, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.attachments.retention._BATCH", 3)
    issue = await reporter.open_issue()
    await attached(reporter, issue, *[(f"{number}.txt", b"named") for number in range(4)])
    for _ in range(7):
        path = folder / new_key()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"orphan")
    assert await sweep_orphaned_files(later(timedelta(days=2))) == 7
    assert contents_of(folder) == [b"named"] * 4


async def test_what_is_gone_already_is_no_reason_to_stop(sessions: Sessions, later: Later) -> None:
    async with sessions() as session:
        session.add_all([DiscardedFile(storage_key=new_key()) for _ in range(3)])
        await session.commit()
    assert await remove_discarded_files(later(timedelta(0))) == 3
