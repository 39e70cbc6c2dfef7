"""Just enough HTTP and WebSocket to make load without taking the processor from what is measured."""

import asyncio
import base64
import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self, cast

CONNECTING_AT_ONCE = 50
_EVENT = re.compile(rb'\{"id":(\d+),"type":"[a-z]+\.[a-z]+","issue_id"')
_CREATED_AT = re.compile(rb'"created_at":"([^"]+)"')
_TEXT, _CLOSE, _PING = 1, 8, 9
_SHORT = 126
"""Lengths from here on stand in two or eight bytes of their own."""


class Swarm:
    """Sockets that note when each event arrives."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.frames = 0
        self.closed = 0
        self._sockets: list[Socket] = []
        self._happened: dict[bytes, float] = {}
        self._expected: set[bytes] = set()

    async def connect(self, places: Sequence[tuple[int, str]]) -> None:
        """Opens a socket for each port and token, and waits until all are ready."""
        at_once = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def open_one(port: int, token: str) -> None:
            async with at_once:
                loop = asyncio.get_running_loop()
                _, socket = await loop.create_connection(lambda: Socket(self, token), "127.0.0.1", port)
                await asyncio.wait_for(socket.ready, 30)
                self._sockets.append(socket)

        await asyncio.gather(*(open_one(port, token) for port, token in places))

    def arrived(self, payload: bytes, socket: "Socket") -> None:
        now = time.time()
        self.frames += 1
        for event in _EVENT.finditer(payload):
            event_id = event.group(1)
            happened = self._happened.get(event_id)
            if happened is None:
                stamp = _CREATED_AT.search(payload, event.end())
                if stamp is None:
                    raise ValueError(payload)
                happened = self._happened[event_id] = datetime.fromisoformat(stamp.group(1).decode()).timestamp()
            self.latencies.append(now - happened)
            socket.event_ids.append(event_id)

    def forget(self) -> None:
        """Begins to count anew."""
        self.latencies, self.frames, self._expected = [], 0, set()
        self._happened = {}
        for socket in self._sockets:
            socket.event_ids = []

    def expect(self, event_ids: Iterable[int]) -> None:
        self._expected = {str(event_id).encode() for event_id in event_ids}

    async def drain(self, seconds: float) -> None:
        """Waits until everything expected has arrived, but no longer than that."""
        end = time.monotonic() + seconds
        while self.missing() and time.monotonic() < end:  # noqa: ASYNC110  # nothing tells when
            await asyncio.sleep(0.5)

    def missing(self) -> int:
        """Events that did not arrive at a socket, or arrived twice, over all sockets."""
        return sum(
            len(self._expected - set(socket.event_ids)) + len(socket.event_ids) - len(set(socket.event_ids))
            for socket in self._sockets
        )

    def close(self) -> None:
        for socket in self._sockets:
            socket.close()


class Socket(asyncio.Protocol):
    """One WebSocket that signs in and listens."""

    def __init__(self, swarm: Swarm, token: str) -> None:
        self._swarm = swarm
        self._token = token
        self._buffer = b""
        self._is_open = False
        self._is_leaving = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.event_ids: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._is_open:
            head, end, buffer = buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self._is_open = True
            self._send(_TEXT, json.dumps({"type": "auth", "token": self._token, "cursor": None}).encode())
        at = 0
        while (frame := _frame_in(buffer, at)) is not None:
            opcode, start, end = frame
            self._handle(opcode, buffer[start:end])
            at = end
        self._buffer = buffer[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_leaving:
            self._swarm.closed += 1
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed"))

    def close(self) -> None:
        self._is_leaving = True
        self._transport.abort()

    def _handle(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(10, payload)
        elif opcode == _CLOSE:
            self._transport.close()
        elif payload.startswith(b'{"type":"events"'):
            self._swarm.arrived(payload, self)
        elif payload.startswith(b'{"type":"ready"') and not self.ready.done():
            self.ready.set_result(None)

    def _send(self, opcode: int, payload: bytes) -> None:
        """With a mask of zeros, which changes nothing."""
        length = len(payload)
        size = bytes([0x80 | length]) if length < _SHORT else bytes([0xFE]) + length.to_bytes(2)
        self._transport.write(bytes([0x80 | opcode]) + size + bytes(4) + payload)


def _frame_in(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Opcode and where the payload begins and ends; None if the frame is not all there yet."""
    if len(buffer) < at + 2:
        return None
    length, start = buffer[at + 1] & 0x7F, at + 2
    if length >= _SHORT:
        size = 2 if length == _SHORT else 8
        start += size
        if len(buffer) < start:
            return None
        length = int.from_bytes(buffer[start - size : start])
    end = start + length
    return (buffer[at] & 0x0F, start, end) if len(buffer) >= end else None


class HttpConnection:
    """One request after the other, kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token

    @classmethod
    async def open(cls, port: int, token: str) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port), token)

    async def get(self, path: str) -> int:
        status, _ = await self._ask("GET", path, b"")
        return status

    async def patch(self, path: str, body: dict[str, Any]) -> list[int]:
        """Returns the ids of the events that it caused.

        Raises:
            ConnectionError: the answer is not 200.
        """
        status, headers = await self._ask("PATCH", path, json.dumps(body).encode())
        if status != HTTPStatus.OK:
            raise ConnectionError(f"{path}: {status}")
        return [int(number) for number in headers["x-event-ids"].split(",") if number]

    def close(self) -> None:
        self._writer.close()

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str]]:
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        await self._reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split(" ")[1]), headers
