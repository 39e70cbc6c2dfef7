"""One signed-in socket: what it may see, what waits to be sent to it, and why it is to be closed."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic, time
from typing import Literal

from litestar.types import Send

from tracker.accounts.viewer import Viewer
from tracker.realtime.feed import BATCH_BYTES, Batch, Place
from tracker.realtime.protocol import Close

MAX_QUEUED_BATCHES = 256
MAX_QUEUED_BYTES = 1024 * 1024
SEND_SECONDS = 10.0
HEARTBEAT_SECONDS = 15.0

Kind = Literal["ready", "events", "heartbeat", "reset"]
WriteNow = Callable[[bytes], bool]
"""Sends a text frame, or answers False where that would have to wait."""


class Connection:
    """A queue between the feed, which never waits, and a client, who may be slow.

    The texts in the queue are shared by all sockets of the same audience; the frame with the client's own cursor
    is only made when it is sent.
    """

    __slots__ = (
        "_encode_cursor",
        "_heartbeat_at",
        "_queue",
        "_queued_bytes",
        "_send",
        "_sending_since",
        "_waiter",
        "_write_now",
        "closing",
        "expires_at",
        "place",
        "user_id",
        "viewer",
    )

    def __init__(
        self, send: Send, write_now: WriteNow | None, user_id: int, encode_cursor: Callable[[Viewer, Place], str]
    ) -> None:
        self._send = send
        self._write_now = write_now
        self._encode_cursor = encode_cursor
        self._queue: deque[tuple[Kind, bytes, Place]] = deque()
        self._queued_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._sending_since: float | None = None
        self._heartbeat_at = monotonic() + HEARTBEAT_SECONDS
        self.user_id = user_id
        self.viewer: Viewer | None = None
        """As they were when last looked at in the database; None before that."""
        self.expires_at = 0
        self.place: Place | None = None
        """Everything before it was sent or is queued; None while it does not listen."""
        self.closing: asyncio.Future[Close] = asyncio.get_running_loop().create_future()

    def sign_in(self, viewer: Viewer | None) -> None:
        """Takes over what the database says of the viewer now; with a new role, nothing of before counts."""
        if viewer is None:
            self.close(Close.NOT_SIGNED_IN)
            return
        changed = self.viewer is not None and self.viewer.role is not viewer.role
        self.viewer = viewer
        if changed and self.place:
            self.reset(self.place)

    def deliver(self, batch: Batch) -> None:
        """Sends what the viewer may see of it, or queues it; a client that is too far behind is given up."""
        self.place = batch.place
        if self.viewer is None or not (text := batch.text_for(self.viewer)):
            return
        if self._is_idle and self._write_now:
            cursor = self._encode_cursor(self.viewer, batch.place)
            if self._write_now(_frame("events", text, cursor)):
                return
        if len(self._queue) >= MAX_QUEUED_BATCHES or self._queued_bytes + len(text) > MAX_QUEUED_BYTES:
            self.close(Close.TOO_SLOW)
        self._put("events", batch.place, text)

    def acknowledge(self) -> None:
        """Says that a fresh token was taken."""
        if self.place:
            self._put("ready", self.place)

    def reset(self, place: Place) -> None:
        """Forgets what was queued, and has the client load everything anew."""
        self.place = place
        self._forget()
        self._put("reset", place)

    def close(self, close: Close) -> None:
        """Only the first reason counts."""
        self._forget()
        if not self.closing.done():
            self.closing.set_result(close)

    def check(self, now: float) -> None:
        """What is due by the clock: the end of the token, the end of patience, a heartbeat."""
        if self.expires_at <= time():
            self.close(Close.NOT_SIGNED_IN)
        elif self._sending_since is not None and now - self._sending_since > SEND_SECONDS:
            self.close(Close.TOO_SLOW)
        elif now >= self._heartbeat_at and self.place:
            self._heartbeat_at = now + HEARTBEAT_SECONDS
            self._put("heartbeat", self.place)

    @property
    def _is_idle(self) -> bool:
        """Whether everything before was sent, and more may follow."""
        return self._waiter is not None and not self._waiter.done() and not self.closing.done()

    async def send_queued(self) -> None:
        """Sends what is queued, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            while not self._queue:
                self._waiter = loop.create_future()
                await self._waiter
            await self.send(*self._take())

    async def send(self, kind: Kind, text: bytes, place: Place) -> None:
        if self.viewer is None:
            raise RuntimeError("nobody is signed in")
        await self.send_frame(kind, text, self._encode_cursor(self.viewer, place))

    async def send_frame(self, kind: Kind, text: bytes, cursor: str) -> None:
        self._sending_since = monotonic()
        await self._send({"type": "websocket.send", "bytes": None, "text": _frame(kind, text, cursor).decode()})
        self._sending_since = None

    def _put(self, kind: Kind, place: Place, text: bytes = b"") -> None:
        if self.closing.done():
            return
        self._queue.append((kind, text, place))
        self._queued_bytes += len(text)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _forget(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0

    def _take(self) -> tuple[Kind, bytes, Place]:
        """The next frame's content; batches that wait together are sent together."""
        kind, text, place = self._queue.popleft()
        self._queued_bytes -= len(text)
        while kind == "events" and self._queue and self._queue[0][0] == "events":
            if len(text) + len(self._queue[0][1]) > BATCH_BYTES:
                break
            _, more, place = self._queue.popleft()
            self._queued_bytes -= len(more)
            text = b"%b,%b" % (text, more)
        return kind, text, place


def _frame(kind: Kind, text: bytes, cursor: str) -> bytes:
    events = b',"events":[%b]' % text if kind == "events" else b""
    return b'{"type":"%b","cursor":"%b"%b}' % (kind.encode(), cursor.encode(), events)
