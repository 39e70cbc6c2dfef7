"""Uploads to a real server process: what they cost it, and what is left when they break."""

import asyncio
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from tests.attachments.files import lines
from tests.attachments.uploading import BOUNDARY, contents_of, form, names_in, part
from tests.conftest import Newcomer
from tests.people import Person, accepted
from tests.processes import serving_process
from tracker.attachments.jobs import sweep_orphaned_files
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.models import Attachment
from tracker.settings import Settings

MIB = 1024 * 1024
PATIENCE_SECONDS = 60
UPLOAD_ROUTE = "/issues/{issue_id}/attachments"


class Server:
    """A server process, with what can be seen of it from outside."""

    def __init__(self, address: str, pid: int, log: Path) -> None:
        self.address = address
        self.pid = pid
        self.log = log

    def memory(self, *, peak: bool = False) -> float:
        """What it has in memory, in MiB; or the most since `forget_peak`."""
        name = "VmHWM" if peak else "VmRSS"
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith(name)]
        return int(line.split()[1]) / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    def open_files(self, folder: Path) -> list[str]:
        links = [link for link in Path(f"/proc/{self.pid}/fd").iterdir() if link.is_symlink()]
        return [target for link in links if (target := str(link.readlink())).startswith(str(folder))]

    def ended_uploads(self) -> int:
        """Of how many uploads, whole or broken off, it has said in its log that it is done with them."""
        entries = [
            msgspec.json.decode(line) for line in self.log.read_bytes().splitlines(keepends=True) if b"\n" in line
        ]
        return sum(entry.get("method") == "POST" and entry.get("route") == UPLOAD_ROUTE for entry in entries)

    def client(self, person: Person) -> AsyncClient:
        headers = {"Authorization": person.headers["Authorization"]}
        return AsyncClient(base_url=self.address, headers=headers, timeout=120)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[tuple[StreamReader, StreamWriter]]:
        host, _, port = self.address.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


@pytest.fixture(scope="module")
async def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    path = tmp_path_factory.mktemp("server") / "log"
    with path.open("wb") as log:
        async with serving_process(settings, log=log) as (process, address):
            yield Server(address, process.pid, path)
    assert b"unhandled" not in path.read_bytes()


def request_to(person: Person, issue: dict[str, Any], length: int | None) -> bytes:
    """The head of an upload; without a length its body comes in chunks."""
    lines = [
        f"POST /issues/{issue['id']}/attachments HTTP/1.1",
        "Host: test",
        f"Authorization: {person.headers['Authorization']}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def rows(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Attachment)) or 0


async def body(size: int) -> AsyncGenerator[bytes, None]:
    """A form of one file; itself it takes no memory."""
    whole = form(part(b"@"))
    head, tail = whole.split(b"@")
    yield head
    piece = lines(64 * 1024)
    for start in range(0, size, len(piece)):
        yield piece[: size - start]
    yield tail


async def upload(client: AsyncClient, issue: dict[str, Any], size: int) -> int:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await client.post(f"/issues/{issue['id']}/attachments", content=body(size), headers=headers)
    [file] = accepted(response, 201)
    assert file["size"] == size
    return file["id"]


async def download(client: AsyncClient, issue: dict[str, Any], file_id: int) -> int:
    size = 0
    async with client.stream("GET", f"/issues/{issue['id']}/attachments/{file_id}/content") as response:
        async for data in response.aiter_bytes():
            size += len(data)
    return size


async def test_ten_megabytes_cost_less_than_five_of_memory(server: Server, reporter: Person) -> None:
    issue = await reporter.open_issue()
    async with server.client(reporter) as client:
        # The first request loads what all need.
        await download(client, issue, await upload(client, issue, 1000))
        before = server.memory()
        server.forget_peak()
        file_id = await upload(client, issue, 10 * MIB)
        up = server.memory(peak=True) - before
        server.forget_peak()
        assert await download(client, issue, file_id) == 10 * MIB
        down = server.memory(peak=True) - before
    assert up < 5
    assert down < 5


async def test_fifty_at_once_stay_bounded(server: Server, newcomer: Newcomer, folder: Path) -> None:
    people = [await newcomer(f"Person {number}") for number in range(17)]
    issues = [await person.open_issue() for person in people]
    clients = [server.client(person) for person in people]
    await upload(clients[0], issues[0], 1000)
    before = server.memory()
    server.forget_peak()
    work = [(clients[n % 17], issues[n % 17]) for n in range(50)]
    ids = await asyncio.gather(*(upload(client, issue, 4 * MIB) for client, issue in work))
    files = [(client, issue, file_id) for (client, issue), file_id in zip(work, ids, strict=True)]
    sizes = await asyncio.gather(*(download(*file) for file in files))
    for client in clients:
        await client.aclose()
    assert sizes == [4 * MIB] * 50
    assert len(names_in(folder)) == 51
    # 200 MiB went each way.
    assert server.memory(peak=True) - before < 100


async def test_twenty_uploads_that_break_off_leave_nothing(
    server: Server, newcomer: Newcomer, sessions: Sessions, folder: Path
) -> None:
    people = [await newcomer(f"Person {number}") for number in range(20)]
    issues = [await person.open_issue() for person in people]
    content = form(part(lines(MIB)), part(lines(MIB)))

    async def break_off(number: int) -> None:
        async with server.connection() as (_, writer):
            in_chunks = number % 2
            writer.write(request_to(people[number], issues[number], None if in_chunks else len(content)))
            sent = content[: len(content) * (number + 1) // 22]
            writer.write(chunk(sent) if in_chunks else sent)
            await writer.drain()
            if number % 4 < 2:
                writer.close()  # politely; the others are reset
                await writer.wait_closed()

    ended_before = server.ended_uploads()
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(break_off(number))

    async def has_ended_all() -> bool:
        return server.ended_uploads() == ended_before + 20

    await until(has_ended_all)
    assert contents_of(folder) == []
    assert not server.open_files(folder)
    assert await rows(sessions) == 0
    async with server.client(people[0]) as client:
        await upload(client, issues[0], 1000)
    assert len(contents_of(folder)) == 1


@pytest.mark.parametrize("announced", [True, False])
async def test_what_is_too_large_is_refused_before_it_has_come(
    server: Server, reporter: Person, folder: Path, *, announced: bool
) -> None:
    issue = await reporter.open_issue()
    start = form(part(b"@")).split(b"@")[0]
    async with server.connection() as (reader, writer):
        writer.write(request_to(reporter, issue, 400 * MIB if announced else None))
        if announced:
            sent = 0  # not a byte of the body
        else:
            writer.write(chunk(start))
            sent = 11 * MIB
            for _ in range(11):
                writer.write(chunk(lines(MIB)))
                await writer.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await reader.readline()
    assert status.split()[1] == b"413", sent

    async def is_clean() -> bool:
        return contents_of(folder) == []

    await until(is_clean)


async def test_what_a_killed_server_was_receiving_is_swept(
    settings: Settings, sessions: Sessions, reporter: Person, folder: Path
) -> None:
    issue = await reporter.open_issue()
    content = form(part(lines(5 * MIB)))
    async with serving_process(settings) as (process, address):
        server = Server(address, process.pid, Path(os.devnull))
        async with server.connection() as (_, writer):
            writer.write(request_to(reporter, issue, len(content)) + content[: 3 * MIB])
            await writer.drain()

            async def is_receiving() -> bool:
                return any(name.startswith("incoming/") for name in names_in(folder))

            await until(is_receiving)
            process.kill()
            await process.wait()
    assert len(contents_of(folder)) == 1
    assert await rows(sessions) == 0
    tomorrow = JobContext(settings, sessions, clock=lambda: datetime.now(UTC) + timedelta(hours=25))
    assert await sweep_orphaned_files(tomorrow) == 1
    assert contents_of(folder) == []


async def test_a_download_that_breaks_off_keeps_nothing_open(server: Server, reporter: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    async with server.client(reporter) as client:
        file_id = await upload(client, issue, 10 * MIB)
    for _ in range(10):
        async with server.connection() as (reader, writer):
            head = f"GET /issues/{issue['id']}/attachments/{file_id}/content HTTP/1.1\r\nHost: test\r\n"
            writer.write(f"{head}Authorization: {reporter.headers['Authorization']}\r\n\r\n".encode())
            await reader.readexactly(100_000)

    async def is_closed() -> bool:
        return not server.open_files(folder)

    await until(is_closed)
