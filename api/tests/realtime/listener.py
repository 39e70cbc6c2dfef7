"""A client of the socket that behaves as the contract says, and remembers all it was told."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from litestar import Litestar
from uvicorn import Config, Server
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tracker.server import OPTIONS

SECONDS = 30.0
"""Patience with what comes at once, even on a machine that has much else to do."""

Frame = dict[str, Any]


class Listener:
    """One socket, and the issues as its events tell them."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.raw: list[str] = []
        self.event_ids: list[int] = []
        self.issues: dict[int, Frame] = {}
        self.cursor: str | None = None
        self.resets = 0

    async def send(self, frame: Any) -> None:
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def sign_in(self, token: str, cursor: str | None = None) -> Self:
        """Sends `auth` and reads on until `ready`."""
        await self.send({"type": "auth", "token": token, "cursor": cursor})
        await self.until(lambda frame: frame["type"] == "ready")
        return self

    async def receive(self, seconds: float = SECONDS) -> Frame:
        """The next frame, taken to heart."""
        async with asyncio.timeout(seconds):
            text = await self.connection.recv()
        assert isinstance(text, str)
        self.raw.append(text)
        frame: Frame = json.loads(text)
        self.cursor = frame["cursor"]
        self.resets += frame["type"] == "reset"
        for event in frame.get("events", []):
            self._apply(event)
        return frame

    async def until(self, wanted: Callable[[Frame], bool], seconds: float = SECONDS) -> Frame:
        async with asyncio.timeout(seconds):
            while not wanted(frame := await self.receive()):
                pass
        return frame

    async def events(self, count: int, seconds: float = SECONDS) -> list[Frame]:
        """The next `count` events, however many frames they come in."""
        got: list[Frame] = []
        while len(got) < count:
            got += (await self.until(lambda frame: frame["type"] == "events", seconds))["events"]
        assert len(got) == count, got
        return got

    async def silence(self, seconds: float) -> None:
        """Nothing but heartbeats comes."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            try:
                frame = await self.receive(left)
            except TimeoutError:
                return
            assert frame["type"] == "heartbeat", frame

    async def closed(self, seconds: float = SECONDS) -> tuple[int, str]:
        """Code and reason with which the server closes; what comes before is read."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.receive(seconds)
        except ConnectionClosed as end:
            return (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")

    def _apply(self, event: Frame) -> None:
        assert event["id"] not in self.event_ids, "told twice"
        self.event_ids.append(event["id"])
        if event["issue"] is None:
            self.issues.pop(event["issue_id"], None)
        else:
            self.issues[event["issue_id"]] = event["issue"]


@asynccontextmanager
async def listening(address: str, token: str, cursor: str | None = None, **options: Any) -> AsyncGenerator[Listener]:
    """A socket that is signed in."""
    async with knocking(address, **options) as listener:
        yield await listener.sign_in(token, cursor)


@asynccontextmanager
async def knocking(address: str, *, path: str = "/ws", **options: Any) -> AsyncGenerator[Listener]:
    """A socket that has not said who it is."""
    async with connect(f"ws://{address}{path}", proxy=None, **options) as connection:
        yield Listener(connection)


@asynccontextmanager
async def serving(app: Litestar, **options: Any) -> AsyncGenerator[str]:
    """Serves an application, whose lifespan others look after, by real TCP on this event loop; gives its address."""
    config = Config(app, port=0, lifespan="off", **OPTIONS, **options)
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.shutdown()
