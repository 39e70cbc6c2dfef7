"""Files under ClamAV's own daemon: until it has passed one, nobody gets it."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from arq import Worker
from httpx import AsyncClient, Response
from sqlalchemy import select

from tests.attachments.clamav import EICAR, MARKER, SCAN_LIMIT, Daemon, daemon
from tests.attachments.files import GIF, REAL, archive, lines, pdf, png
from tests.attachments.uploading import names_in
from tests.conftest import Installed
from tests.people import Person, accepted, refused, transport_to
from tracker.app import create_app
from tracker.attachments.jobs import scan_files
from tracker.attachments.scanner import Scanner, ScannerAway
from tracker.attachments.scanning import Scanning
from tracker.attachments.storage import Storage
from tracker.attachments.stores import StoredFile
from tracker.core.database import Sessions
from tracker.core.job_queue import queue
from tracker.core.jobs import JobContext
from tracker.local.databases import valkey
from tracker.models import Attachment
from tracker.settings import Settings
from tracker.worker import arq_worker


@pytest.fixture(scope="session")
def clamd() -> Generator[Daemon]:
    with tempfile.TemporaryDirectory() as directory, daemon(Path(directory)) as running:
        yield running


@pytest.fixture
def scanned(settings: Settings, clamd: Daemon) -> Settings:
    return msgspec.structs.replace(settings, clamd_url=clamd.urls[0])


class Desk:
    """Somebody's way to a replica that has files scanned."""

    def __init__(self, replica: AsyncClient, person: Person, issue: dict[str, Any]) -> None:
        self._replica = replica
        self._headers = {"Authorization": person.headers["Authorization"]}
        self._address = f"/issues/{issue['id']}/attachments"
        self.issue = issue

    async def upload(self, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
        form = [("files", file) for file in files]
        return accepted(await self._replica.post(self._address, files=form, headers=self._headers), 201)

    async def statuses(self) -> dict[str, str]:
        files = accepted(await self._replica.get(self._address, headers=self._headers))
        return {file["name"]: file["scan_status"] for file in files}

    async def download(self, file: dict[str, Any]) -> Response:
        return await self._replica.get(f"{self._address}/{file['id']}/content", headers=self._headers)


@pytest.fixture
async def desk(installed: Installed, scanned: Settings, reporter: Person, folder: Path) -> Desk:
    replica = await installed(clamd_url=scanned.clamd_url, redis_url=None)
    return Desk(replica, reporter, await reporter.open_issue())


@pytest.fixture
def context(scanned: Settings, sessions: Sessions) -> JobContext:
    return JobContext(scanned, sessions)


async def test_a_file_is_open_to_nobody_until_it_was_found_clean(
    desk: Desk, context: JobContext, installed: Installed, scanned: Settings, admin: Person
) -> None:
    [file] = await desk.upload(("a.txt", b"harmless"))
    assert file["scan_status"] == "pending"
    admins = Desk(await installed(clamd_url=scanned.clamd_url), admin, desk.issue)
    for person in (desk, admins):
        assert "scanned" in refused(await person.download(file), 409)["detail"]
    assert await scan_files(context) == 1
    assert await desk.statuses() == {"a.txt": "clean"}
    for person in (desk, admins):
        assert (await person.download(file)).content == b"harmless"
    assert await scan_files(context) == 0


INFECTED: dict[str, tuple[str, bytes]] = {
    "as it is": ("a.txt", EICAR),
    "in an archive": ("a.zip", archive(**{"deep/inside.com": EICAR})),
    "in an archive in an archive": ("a.zip", archive(**{"inner.zip": archive(**{"x.com": EICAR})})),
    "in a picture": ("a.png", png(text=MARKER)),
    "in a moving picture": ("a.gif", GIF[:-1] + b"!\xfe" + bytes([len(MARKER)]) + MARKER + b"\0;"),
    "in a document": ("a.pdf", pdf(MARKER.decode())),
    "in a log, far behind": ("a.log", lines(2_000_000) + MARKER),
}


@pytest.mark.parametrize("infected", INFECTED.values(), ids=INFECTED.keys())
async def test_a_virus_is_found_and_its_uploader_told(
    desk: Desk, context: JobContext, reporter: Person, infected: tuple[str, bytes]
) -> None:
    bad, good = await desk.upload(infected, ("good.csv", b"a,b"))
    cursor = accepted(await reporter.get("/events"))["cursor"]
    assert await scan_files(context) == 2
    assert await desk.statuses() == {infected[0]: "infected", "good.csv": "clean"}
    assert "virus" in refused(await desk.download(bad), 403)["detail"]
    assert (await desk.download(good)).content == b"a,b"
    entries = accepted(await reporter.get(f"/issues/{desk.issue['id']}/history"))["items"]
    told = {
        entry["field"]: entry for entry in entries if entry["attachment"] and entry["attachment"]["id"] == bad["id"]
    }
    assert (told["scan_status"]["old"], told["scan_status"]["new"]) == ("pending", "infected")
    assert told["found"]["new"] in {"Eicar-Test-Signature.UNOFFICIAL", "Local.Marker.TrackerTest.UNOFFICIAL"}
    assert told["found"]["actor"] is None
    events = accepted(await reporter.get("/events", params={"after": cursor}))["events"]
    assert [event["changes"]["scan_status"] for event in events] == [["pending", "infected"], ["pending", "clean"]]


async def test_real_files_of_every_kind_are_clean(desk: Desk, context: JobContext) -> None:
    for start in range(0, len(REAL), 9):
        await desk.upload(*[(f"{start}-{name}", content) for name, content, _, _ in REAL[start : start + 9]])
    assert await scan_files(context) == len(REAL)
    assert set((await desk.statuses()).values()) == {"clean"}


async def test_both_ways_to_the_daemon_work(clamd: Daemon) -> None:
    async def content() -> AsyncGenerator[bytes, None]:
        for byte in EICAR:
            yield bytes([byte])

    for url in (*clamd.urls, clamd.urls[1].removeprefix("unix://")):
        assert await Scanner(url).scan(content()) == "Eicar-Test-Signature.UNOFFICIAL"


async def test_while_the_scanner_is_away_files_wait_and_are_scanned_when_it_is_back(
    desk: Desk, context: JobContext, tmp_path: Path, sessions: Sessions
) -> None:
    [file] = await desk.upload(("a.txt", b"harmless"))
    away = msgspec.structs.replace(context.settings, clamd_url=f"unix://{tmp_path}/nobody.sock")
    for _ in range(3):
        with pytest.raises(ScannerAway):
            await scan_files(JobContext(away, sessions))
    refused(await desk.download(file), 409)
    # It is back, and no file was put off for it.
    assert await scan_files(context) == 1
    assert await desk.statuses() == {"a.txt": "clean"}


async def test_a_scanner_that_dies_in_the_middle_gives_no_verdict(
    desk: Desk, context: JobContext, sessions: Sessions
) -> None:
    await desk.upload(("a.log", lines(2_500_000)))
    with tempfile.TemporaryDirectory() as directory, daemon(Path(directory)) as doomed:
        settings = msgspec.structs.replace(context.settings, clamd_url=doomed.urls[0])

        class Deadly(Storage):
            async def chunks(self, stored: StoredFile, start: int, stop: int) -> AsyncGenerator[bytes, None]:
                async for chunk in super().chunks(stored, start, stop):
                    yield chunk
                    doomed.process.kill()
                    doomed.process.wait()

        storage = Deadly(Storage.of(settings).store, min_free_bytes=0)
        assert await Scanning(JobContext(settings, sessions), storage, Scanner(doomed.urls[0])).scan_due() == 0
    assert await desk.statuses() == {"a.log": "pending"}
    later = JobContext(context.settings, sessions, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    assert await scan_files(later) == 1
    assert await desk.statuses() == {"a.log": "clean"}


def nested(depth: int) -> bytes:
    content = EICAR
    for _ in range(depth):
        content = archive(**{"inner.zip": content})
    return content


TOO_MUCH: dict[str, tuple[str, bytes]] = {
    "too large": ("a.log", lines(SCAN_LIMIT + 1)),
    "too large when unpacked": ("a.zip", archive(**{"bomb.log": lines(20_000_000)})),
    "packed too often": ("a.zip", nested(10)),
}


@pytest.mark.parametrize("much", TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_what_is_too_much_for_the_scanner_stays_closed_and_is_tried_less_and_less(
    desk: Desk, scanned: Settings, sessions: Sessions, much: tuple[str, bytes]
) -> None:
    [file] = await desk.upload(much)
    now = datetime.now(UTC) + timedelta(seconds=1)
    for minute in range(180):
        moment = now + timedelta(minutes=minute)
        assert await scan_files(JobContext(scanned, sessions, clock=lambda moment=moment: moment)) == 0
    async with sessions() as session:
        # After 0, 1, 3, 7, 15, 31, 63 and 123 minutes.
        assert await session.scalar(select(Attachment.scan_attempts)) == 8
    assert await desk.statuses() == {much[0]: "pending"}
    refused(await desk.download(file), 409)


async def test_only_what_was_received_can_be_found_clean(
    desk: Desk, context: JobContext, scanned: Settings, folder: Path
) -> None:
    [file] = await desk.upload(("a.txt", EICAR))
    [path] = [folder / name for name in names_in(folder)]
    path.write_bytes(b"harmless")
    assert await scan_files(context) == 0
    path.write_bytes(EICAR)
    assert await desk.statuses() == {"a.txt": "pending"}
    refused(await desk.download(file), 409)


async def test_files_from_before_there_was_a_scanner_are_scanned_too(
    reporter: Person, desk: Desk, context: JobContext
) -> None:
    address = f"/issues/{desk.issue['id']}/attachments"
    form = [("files", ("old.txt", b"old"))]
    [old] = accepted(await reporter.post(address, files=form), 201)
    assert old["scan_status"] == "not_scanned"
    # Where there is a scanner, what it has not passed is closed.
    refused(await desk.download(old), 409)
    assert await scan_files(context) == 1
    assert await desk.statuses() == {"old.txt": "clean"}
    assert (await desk.download(old)).content == b"old"


async def test_two_sweeps_at_once_tell_it_once(desk: Desk, context: JobContext, reporter: Person) -> None:
    await desk.upload(*[(f"{number}.txt", EICAR) for number in range(5)])
    await asyncio.gather(*(scan_files(context) for _ in range(3)))
    entries = accepted(await reporter.get(f"/issues/{desk.issue['id']}/history"))["items"]
    assert sum(entry["field"] == "scan_status" for entry in entries) == 5


async def test_a_file_that_is_deleted_while_it_waits_is_no_trouble(
    desk: Desk, context: JobContext, reporter: Person, admin: Person
) -> None:
    [file, _] = await desk.upload(("a.txt", EICAR), ("b.txt", EICAR))
    await reporter.delete(f"/issues/{desk.issue['id']}/attachments/{file['id']}")
    await admin.delete(f"/issues/{desk.issue['id']}")
    assert await scan_files(context) == 1
    await admin.post(f"/issues/{desk.issue['id']}/restore")
    assert await desk.statuses() == {"b.txt": "infected"}


async def test_an_upload_asks_for_its_scan_at_once(
    scanned: Settings, sessions: Sessions, reporter: Person, folder: Path, tmp_path: Path
) -> None:
    with valkey(tmp_path, durable=False) as url:
        app = create_app(msgspec.structs.replace(scanned, redis_url=url))
        issue = await reporter.open_issue()
        async with app.lifespan(), AsyncClient(transport=transport_to(app), base_url="http://test") as replica:
            await Desk(replica, reporter, issue).upload(("a.txt", EICAR))
        pool = queue(url)
        worker: Worker = arq_worker(pool, JobContext(scanned, sessions))
        worker.burst = True
        for job in worker.cron_jobs:
            job.next_run = None
        await worker.async_run()
        await pool.aclose(close_connection_pool=True)
    [file] = accepted(await reporter.get(f"/issues/{issue['id']}/attachments"))
    assert file["scan_status"] == "infected"
