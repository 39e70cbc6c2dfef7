"""The HTTP and WebSocket server, set up the way the sockets rely on."""

import asyncio
import gc
import logging
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tracker.core.errors import Problem
from tracker.realtime.protocol import WRITE_NOW

GRACEFUL_SHUTDOWN_SECONDS = 8
"""Longer than any statement may take: what was begun is answered. Sockets are closed at once."""
LINGER_SECONDS = 2.0
"""Longer than our proxy keeps an idle connection: see `HttpProtocol.shutdown`."""
MAX_MESSAGE_BYTES = 64 * 1024
"""Larger messages are not even collected; what is too large for the tracker but smaller is answered by it."""
MAX_WAITING_MESSAGES = 40
SOCKET_LOGGER = logging.getLogger("tracker.websocket")
SOCKET_LOGGER.setLevel(logging.WARNING)  # it would log every socket, with its query string
BYTES_AT_ONCE = 4096
ALLOCATIONS_UNTIL_GARBAGE_COLLECTION = 20_000
LAST_WORDS_SECONDS = 60.0
FLOOD_SECONDS = 2.0
FINAL_TEXT, LENGTH_IN_ONE_BYTE, LENGTH_IN_TWO_BYTES = 0x81, 125, 0xFFFF


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, but it loses no request when it is told to stop, and refuses what is no HTTP as all else is refused."""

    _is_leaving = False

    def shutdown(self) -> None:
        """Lets an idle connection be used once more before it is closed.

        Its other end, a proxy, may be sending a request at this instant, and could not tell whether it was still heard.
        Whoever lets go of idle connections sooner than we do, as our proxy does, never loses one.
        """
        self._is_leaving = True
        if self._is_idle():
            self.loop.call_later(LINGER_SECONDS, self._leave)
        else:
            super().shutdown()

    def _leave(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _is_idle(self) -> bool:
        return not self.cycle or self.cycle.response_complete

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._is_leaving and not self._is_idle():
            self.cycle.keep_alive = False

    def handle_websocket_upgrade(self) -> None:
        if self._is_leaving:  # unanswered, it is sent to another replica
            self.transport.close()
        else:
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (the parser's words)
        problem = Problem(
            title=HTTPStatus.BAD_REQUEST.phrase,
            status=HTTPStatus.BAD_REQUEST,
            detail="This is not a valid HTTP request.",
            request_id=token_hex(8),
        )
        body = msgspec.json.encode(problem)
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {problem.request_id}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, made proof against clients that don't read, or write too much.

    uvicorn never gives up a connection with something left to send: a client that stops reading would keep it for as
    long as it likes. Nor does it count what it answers by itself or parses before the application sees any of it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = SOCKET_LOGGER
        self._is_flood = False

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), BYTES_AT_ONCE):
            if self._is_flood or self.transport.is_closing():
                return
            super().data_received(data[start : start + BYTES_AT_ONCE])
            if self.queue.qsize() > MAX_WAITING_MESSAGES and not self.close_sent:
                self._refuse_flood()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # whoever doesn't read the answers gets none
            self.conn.data_to_send()

    async def run_asgi(self) -> None:
        extensions = self.scope.setdefault("extensions", {})
        extensions[WRITE_NOW] = {"write": self.write_now}
        try:
            await super().run_asgi()
        finally:
            del extensions[WRITE_NOW]  # which is a cycle

    def write_now(self, text: bytes) -> bool:
        """Sends a text frame, unless that would have to wait or can't be done any more: `send` knows what to do then.

        A frame to a thousand sockets is mostly the way to each of them; by `send` it is twice as long.
        """
        if not self.writable.is_set() or self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(_text_frame_head(len(text)) + text)
        return True

    async def send(self, message: Any) -> None:
        if message["type"] != "websocket.close":
            await super().send(message)
            if message["type"] == "websocket.http.response.body":
                self.handshake_complete = True  # with a refusal; uvicorn would take the end of it for a failure
            return
        # The close frame goes behind what is waiting to be read, and doesn't wait for that itself.
        self.writable.set()
        await super().send(message)
        self._give_up_in(LAST_WORDS_SECONDS)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def shutdown(self) -> None:
        super().shutdown()
        if not self.writable.is_set():
            self.transport.abort()

    def _refuse_flood(self) -> None:
        """Reads the rest away unparsed: with something left unread, the system would not deliver the close frame."""
        self._is_flood = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 4429, "reason": ""})
        self.conn.send_close(4429, "too many frames")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(FLOOD_SECONDS, self.transport.abort)

    def _give_up_in(self, seconds: float) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(seconds, self.transport.abort)


def _text_frame_head(length: int) -> bytes:
    """What stands before a server's text in a frame of its own: RFC 6455, 5.2."""
    if length <= LENGTH_IN_ONE_BYTE:
        return struct.pack("!BB", FINAL_TEXT, length)
    if length <= LENGTH_IN_TWO_BYTES:
        return struct.pack("!BBH", FINAL_TEXT, LENGTH_IN_ONE_BYTE + 1, length)
    return struct.pack("!BBQ", FINAL_TEXT, LENGTH_IN_ONE_BYTE + 2, length)


class Server(uvicorn.Server):
    """uvicorn's, but when it is told to stop it also answers those who have connected and were not let in yet.

    The system has told them that they are connected, so they have sent their requests; to close the door on them
    would lose these. Whoever comes later is refused, and goes elsewhere.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        doors = [socket.socket(fileno=os.dup(door.fileno())) for server in self.servers for door in server.sockets]
        for server in self.servers:
            server.close()
        for connection in [connection for door in doors for connection in _let_in(door)]:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        protocol: Any = self.config.http_protocol_class
        return protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _let_in(door: socket.socket) -> list[socket.socket]:
    """All who wait at a door, which is closed behind them at once."""
    waiting: list[socket.socket] = []
    with door, suppress(BlockingIOError):
        door.settimeout(0)
        while True:
            connection, _ = door.accept()
            connection.settimeout(0)
            waiting.append(connection)
    return waiting


OPTIONS: dict[str, Any] = {
    "http": HttpProtocol,
    "ws": WebSocketProtocol,
    "ws_max_size": MAX_MESSAGE_BYTES,
    # Costs 40 kB a socket, and the frames are small.
    "ws_per_message_deflate": False,
    "timeout_graceful_shutdown": GRACEFUL_SHUTDOWN_SECONDS,
    "server_header": False,
    "access_log": False,
    "log_config": None,
}


def serve(*, host: str, port: int, trusted_proxies: Sequence[str], reload: bool = False) -> None:
    """Serves the application of the environment until a signal comes; closes every socket with 1012 then."""
    where: dict[str, Any] = {"app": "tracker.app:create_app", "factory": True, "host": host, "port": port}
    where["forwarded_allow_ips"] = list(trusted_proxies)
    if reload:
        uvicorn.run(**where, **OPTIONS, reload=True)
        return
    config = uvicorn.Config(**where, **OPTIONS)
    config.load()
    settle()
    Server(config).run()


def settle() -> None:
    """Leaves garbage collection what it is worth, once everything is loaded."""
    # What is there now stays there: looking through it for garbage again and again would take a tenth of the time.
    gc.collect()
    gc.freeze()
    # So would looking through every socket's objects each time that a frame to all of them made some more.
    gc.set_threshold(ALLOCATIONS_UNTIL_GARBAGE_COLLECTION)
