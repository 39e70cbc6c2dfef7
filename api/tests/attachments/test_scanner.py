"""What the scanner's answers mean, and what is done when there is none."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tracker.attachments.scanner import ScanFailed, Scanner, ScannerAway

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def daemon(path: Path, answer: Answer) -> AsyncGenerator[Scanner]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(reader, writer)
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield Scanner(f"unix://{path}")


async def content() -> AsyncGenerator[bytes, None]:
    for _ in range(50):
        yield b"x" * 100_000


def after_all(said: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            await reader.readexactly(length)
        writer.write(said)
        await writer.drain()

    return answer


async def test_nothing_found(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s", after_all(b"stream: OK\0")) as scanner:
        assert await scanner.scan(content()) is None


async def test_something_found(tmp_path: Path) -> None:
    async with daemon(tmp_path / "s", after_all(b"stream: Win.Test.EICAR_HDB-1 FOUND\0")) as scanner:
        assert await scanner.scan(content()) == "Win.Test.EICAR_HDB-1"


@pytest.mark.parametrize(
    "said",
    [
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0",
        b"COMMAND READ TIMED OUT\0",
        b"stream: OK FOUND OK\0",
        b"OK\0",
        b"\0",
        b"",
        b"stream: OK",
        b"x" * 200_000,
    ],
)
async def test_all_else_is_no_verdict(tmp_path: Path, said: bytes) -> None:
    async with daemon(tmp_path / "s", after_all(said)) as scanner:
        with pytest.raises(ScanFailed):
            await scanner.scan(content())


async def test_one_that_hangs_up_at_once_gives_no_verdict(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with daemon(tmp_path / "s", answer) as scanner:
        with pytest.raises(ScanFailed):
            await scanner.scan(content())


async def test_what_it_says_before_it_hangs_up_is_heard(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
        await writer.drain()

    async with daemon(tmp_path / "s", answer) as scanner:
        with pytest.raises(ScanFailed):
            await scanner.scan(content())


async def test_one_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.attachments.scanner.SCAN_SECONDS", 0.1)
    forever = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await forever.wait()

    async with daemon(tmp_path / "s", answer) as scanner:
        with pytest.raises(ScanFailed, match="Timeout"):
            await scanner.scan(content())
        forever.set()


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "unix:///no/such/socket", "/no/such/socket"])
async def test_nobody_is_there(url: str) -> None:
    with pytest.raises(ScannerAway):
        await Scanner(url).scan(content())
