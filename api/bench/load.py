"""Load over HTTP that costs little itself: requests are bytes made beforehand, answers are counted, not parsed."""

import asyncio
import math
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import cast

WARM_UP_SECONDS = 0.3
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_BODILESS = (b"204", b"304")


@dataclass(frozen=True)
class Timing:
    """Of answers; in milliseconds but for the rate."""

    a_second: float
    p50: float
    p95: float
    p99: float


class UnexpectedAnswer(Exception):
    """The operation that is measured does not work."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""

    def encoded(self, token: str) -> bytes:
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        if self.body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
        return f"{head}\r\n".encode() + self.body


async def measure(port: int, requests: Sequence[bytes], *, at_once: int, seconds: float) -> Timing:
    """Sends the requests in turn over as many connections, each of which waits for its answer.

    Raises:
        UnexpectedAnswer: one is no success.
    """
    middle = len(requests) // 2
    await _run(port, cycle(requests), at_once, WARM_UP_SECONDS)
    started = time.perf_counter()
    taken = await _run(port, cycle([*requests[middle:], *requests[:middle]]), at_once, seconds)
    elapsed = time.perf_counter() - started
    taken.sort()
    p95, p99 = (1000 * taken[math.ceil(len(taken) * share) - 1] for share in (0.95, 0.99))
    return Timing(a_second=len(taken) / elapsed, p50=1000 * statistics.median(taken), p95=p95, p99=p99)


async def _run(port: int, requests: Iterator[bytes], at_once: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    clients: list[_Client] = []
    end = time.perf_counter() + seconds
    for _ in range(at_once):
        _, client = await loop.create_connection(lambda: _Client(requests, end), "127.0.0.1", port)
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    return [moment for client in clients for moment in client.taken]


class _Client(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], end: float) -> None:
        self._requests = requests
        self._end = end
        self._buffer = b""
        self._missing = 0
        self.taken: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            head, end, body = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            status = head[9:12]
            if not status.startswith((b"2", b"304")):
                self.done.set_exception(UnexpectedAnswer(self._buffer[:2000].decode(errors="replace")))
                self._transport.abort()
                return
            length = _LENGTH.search(head)
            if length is None and status not in _BODILESS:
                self.done.set_exception(UnexpectedAnswer("an answer without a length"))
                self._transport.abort()
                return
            self._missing = int(length[1]) - len(body) if length else 0
            self._buffer = b""
        if self._missing == 0:
            self.taken.append(time.perf_counter() - self._asked)
            if time.perf_counter() < self._end:
                self._ask()
            else:
                self.done.set_result(None)
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("hung up"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))
