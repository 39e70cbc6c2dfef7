"""The socket, from the handshake to the close frame."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from secrets import token_hex
from time import time
from typing import Any, TypeVar, cast

from litestar import WebSocket, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect
from litestar.serialization import encode_json
from litestar.types.asgi_types import ReceiveMessage
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.auth import find_viewer
from tracker.accounts.tokens import AccessToken, TokenInvalid
from tracker.accounts.viewer import Viewer
from tracker.core.admission import address_of
from tracker.core.database import refusal_for
from tracker.core.errors import TooMany
from tracker.core.limits import network_of
from tracker.core.origins import is_allowed_origin
from tracker.core.problems import problem_of
from tracker.realtime.connection import Connection, WriteNow
from tracker.realtime.feed import Place
from tracker.realtime.live import LiveUpdates
from tracker.realtime.log import EventLog
from tracker.realtime.protocol import AUTH_SECONDS, WRITE_NOW, Close, FrameLimit, read_auth

logger = logging.getLogger(__name__)

JOIN_SECONDS = 10.0
CLOSE_SECONDS = 10.0
REPLAYED_A_FRAME = 100

Answer = TypeVar("Answer")


class Closed(Exception):
    """The conversation is over, and this is what to say."""

    def __init__(self, close: Close) -> None:
        self.close = close
        super().__init__(close.reason)


@websocket("/ws")
async def open_socket(socket: WebSocket[None, None, State], state: State) -> None:
    live: LiveUpdates = state.live
    if not is_allowed_origin(socket.scope, live.settings.web_origins):
        await socket.close()  # before it was accepted: HTTP 403
        return
    try:
        await live.limits.take(sockets=network_of(address_of(socket)))
    except TooMany as refusal:
        await _refuse(socket, refusal)
        return
    await socket.accept()
    close = await Conversation(socket, live).hold()
    if close:
        live.metrics.socket_closes.labels(close.code).inc()
        await _say(socket, close)


async def _refuse(socket: WebSocket[None, None, State], refusal: TooMany) -> None:
    """Answers the handshake with 429, where the server can; else it becomes 403."""
    if "websocket.http.response" not in (socket.scope["extensions"] or {}):
        await socket.close()
        return
    body = encode_json(problem_of(refusal, request_id=token_hex(8)))
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    start: Any = {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
    await socket.send(start)
    await socket.send(cast("Any", {"type": "websocket.http.response.body", "body": body}))


async def _say(socket: WebSocket[None, None, State], close: Close) -> None:
    """Sends the close frame, unless the client is gone or does not even take that."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(close.code, close.reason)
    except (WebSocketDisconnect, OSError, RuntimeError, TimeoutError):
        pass


class Conversation:
    def __init__(self, socket: WebSocket[None, None, State], live: LiveUpdates) -> None:
        self._socket = socket
        self._live = live
        self._limit = FrameLimit()

    async def hold(self) -> Close | None:
        """Returns what to close with; None when the client went away. Nothing that happens in here is told outside."""
        try:
            await self._hold()
        except Closed as closed:
            return closed.close
        except (WebSocketDisconnect, OSError):
            return None
        except Exception:
            logger.exception("a socket failed")
            return Close.FAILED

    async def _hold(self) -> None:
        try:
            async with asyncio.timeout(AUTH_SECONDS):
                token, cursor = await self._receive_auth()
        except TimeoutError:
            raise Closed(Close.NOT_SIGNED_IN) from None
        write_now = (self._socket.scope["extensions"] or {}).get(WRITE_NOW, {}).get("write")
        connection = Connection(
            self._socket.send, cast("WriteNow | None", write_now), token.user_id, self._live.encode_cursor
        )
        if not self._live.hub.enter(connection):
            raise Closed(Close.TOO_MANY_SOCKETS)
        try:
            await self._sign_in(connection, token)
            await self._talk(connection, cursor)
        finally:
            self._live.hub.leave(connection)

    async def _receive_auth(self) -> tuple[AccessToken, str | None]:
        message: ReceiveMessage = await self._socket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect(detail="")
        if self._limit.exceeded():
            raise Closed(Close.TOO_MANY_FRAMES)
        auth = read_auth(message.get("text"))
        if auth is None:
            raise Closed(Close.BAD_FRAME)
        try:
            return self._live.tokens.read(auth.token), auth.cursor
        except TokenInvalid:
            raise Closed(Close.NOT_SIGNED_IN) from None

    async def _sign_in(self, connection: Connection, token: AccessToken) -> None:
        if token.user_id != connection.user_id:
            raise Closed(Close.NOT_SIGNED_IN)
        alarms = self._live.hub.alarms
        viewer = await self._ask(lambda session: find_viewer(session, token))
        if viewer is None:
            raise Closed(Close.NOT_SIGNED_IN)
        connection.sign_in(viewer)
        connection.expires_at = token.expires_at
        if self._live.hub.alarms != alarms:
            self._live.hub.suspect([token.user_id])

    async def _talk(self, connection: Connection, cursor: str | None) -> None:
        """Sends and receives at the same time, until there is a reason to stop."""
        reading = asyncio.create_task(self._read(connection))
        writing = asyncio.create_task(self._write(connection, cursor))
        try:
            await asyncio.wait({reading, writing, connection.closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            writing.cancel()
            outcomes = await asyncio.gather(reading, writing, return_exceptions=True)
        if connection.closing.done():
            raise Closed(connection.closing.result())
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _read(self, connection: Connection) -> None:
        """A fresh token prolongs the socket; its cursor doesn't matter, because nothing was missed."""
        while True:
            token, _ = await self._receive_auth()
            await self._sign_in(connection, token)
            connection.acknowledge()

    async def _write(self, connection: Connection, cursor: str | None) -> None:
        place = await self._join(connection)
        if cursor is not None:
            await self._replay(connection, cursor, place)
        await connection.send("ready", b"", place)
        await connection.send_queued()

    async def _join(self, connection: Connection) -> Place:
        joined: asyncio.Future[Place] = asyncio.get_running_loop().create_future()

        def attach(place: Place) -> None:
            if not joined.done() and not connection.closing.done():
                self._live.hub.listen(connection, place)
                joined.set_result(place)

        self._live.feed.join(attach)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                return await joined
        except TimeoutError:
            raise Closed(Close.UNAVAILABLE) from None

    async def _replay(self, connection: Connection, cursor: str, place: Place) -> None:
        """Sends what was missed between the cursor and the place from which on the feed delivers."""
        viewer = _viewer_of(connection)
        now = place.of(viewer, issued_at=int(time()))

        def log(session: AsyncSession) -> EventLog:
            return EventLog(session, viewer, self._live.cursors)

        async with self._live.replays:
            position = await self._ask(lambda session: log(session).resume(cursor, now))
        while position != now:
            async with self._live.replays:
                page = position and await self._ask(
                    lambda session, reached=position: log(session).page(reached, now, limit=REPLAYED_A_FRAME)
                )
            if _viewer_of(connection).role is not viewer.role:
                return  # what is left of this is not theirs to see any more; a reset waits in the queue
            if not page:
                await connection.send("reset", b"", place)
                return
            events, position = page
            if events:
                text = encode_json(events)[1:-1]
                await connection.send_frame("events", text, self._live.cursors.encode(position))

    async def _ask(self, question: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """Asks the database, once more if the connection turns out to be dead: its restart leaves a pool of those.

        Raises:
            Closed: the database is away.
        """
        for is_last in (False, True):
            try:
                async with self._live.sessions() as session:
                    return await question(session)
            except Exception as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated and not is_last:
                    continue
                if refusal_for(error) is None:
                    raise
                logger.warning("the database refused a socket", extra={"error": type(error).__name__})
                break
        raise Closed(Close.UNAVAILABLE)


def _viewer_of(connection: Connection) -> Viewer:
    if connection.viewer is None:
        raise RuntimeError("nobody is signed in")
    return connection.viewer
