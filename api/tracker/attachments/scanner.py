"""ClamAV's daemon, spoken to in its own protocol: the file goes over the line, no path does."""

import asyncio
import struct
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

SCAN_SECONDS = 120
_CONNECT_SECONDS = 5


class ScannerAway(Exception):
    """Nobody answers; no file is to blame."""


class ScanFailed(Exception):
    """The scanner gave no verdict on this file; the text is what it said instead."""


class Scanner:
    """Scans for viruses; `url` is `tcp://host:port`, `unix:///path` or a path."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def scan(self, content: AsyncIterator[bytes]) -> str | None:
        """What was found in the content; None if nothing.

        Raises:
            ScannerAway: it can't be reached.
            ScanFailed: it was too much for the scanner, or the line broke.
        """
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            raise ScannerAway(str(error)) from error
        try:
            async with asyncio.timeout(SCAN_SECONDS):
                return _verdict(await _stream(content, reader, writer))
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            raise ScanFailed(type(error).__name__) from error
        finally:
            writer.close()

    async def ping(self) -> None:
        """Asks whether it is there.

        Raises:
            ScannerAway: it is not.
        """
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await self._connect()
                try:
                    writer.write(b"zPING\0")
                    answer = await reader.readuntil(b"\0")
                finally:
                    writer.close()
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            raise ScannerAway(str(error)) from error
        if answer != b"PONG\0":
            raise ScannerAway("it answers in another language")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = urlsplit(self._url)
        if address.scheme == "tcp":
            return await asyncio.open_connection(address.hostname, address.port)
        return await asyncio.open_unix_connection(address.path)


async def _stream(content: AsyncIterator[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    try:
        writer.write(b"zINSTREAM\0")
        async for chunk in content:
            writer.write(struct.pack("!L", len(chunk)) + chunk)
            await writer.drain()
        writer.write(struct.pack("!L", 0))
        await writer.drain()
    except ConnectionError:
        # It hangs up on what is too large for it, after it said so.
        pass
    return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace")


def _verdict(answer: str) -> str | None:
    if answer == "stream: OK":
        return None
    found = answer.removeprefix("stream: ").removesuffix(" FOUND")
    # With AlertExceedsMax this is how the daemon says that it did not look at everything.
    if answer == f"stream: {found} FOUND" and not found.startswith("Heuristics.Limits.Exceeded"):
        return found
    raise ScanFailed(answer)
