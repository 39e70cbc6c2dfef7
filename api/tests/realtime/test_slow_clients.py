"""A client that does not read costs little, is sent away, and nobody else notices."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psutil
import pytest
from litestar import Litestar
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect

from tests.people import Person
from tests.realtime.listener import Listener, listening
from tracker.core.database import Sessions

PORTIONS, EVENTS_A_PORTION = 40, 100
MEGABYTE = 1_000_000

# On the wire about 11 kB each.
_LARGE = text("""
    INSERT INTO events (type, issue_id, changes)
    SELECT 'issue.updated', :id,
        jsonb_build_object('description', jsonb_build_array(repeat('€', 2000), repeat('€', 2000)),
                           'title', jsonb_build_array(repeat('€', 900), repeat('€', 900)))
    FROM generate_series(1, :count)
""")


@asynccontextmanager
async def deaf(address: str, token: str) -> AsyncGenerator[ClientConnection]:
    """A socket that signs in and reads no more; its system takes as little as possible for it."""
    host, port = address.split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)  # noqa: FBT003  # the standard library's signature
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    async with connect(f"ws://{address}/ws", sock=raw, proxy=None, ping_interval=None) as connection:
        await connection.send(json.dumps({"type": "auth", "token": token}))
        assert json.loads(await connection.recv())["type"] == "ready"
        connection.transport.pause_reading()
        try:
            yield connection
        finally:
            connection.transport.abort()


async def test_a_client_that_never_reads_is_given_up_and_others_notice_nothing(
    address: str, app: Litestar, maintainer: Person, admin: Person, sessions: Sessions
) -> None:
    issue = await maintainer.open_issue()
    hub = app.state.live.hub
    async with deaf(address, admin.token) as lost, listening(address, maintainer.token) as listener:
        [connection] = hub._sockets_of([admin.id])
        before, largest = psutil.Process().memory_info().rss, 0
        for _ in range(PORTIONS):
            await happen(sessions, app, issue["id"])
            await listener.until(lambda _: listener.event_ids[-1] % EVENTS_A_PORTION == 1)
            largest = max(largest, connection._queued_bytes)
        assert len(listener.event_ids) == PORTIONS * EVENTS_A_PORTION
        assert sum(map(len, listener.raw)) > 15 * MEGABYTE
        assert hub.sockets == 1
        assert 0 < largest <= MEGABYTE * 1.1
        # Both ends are in this process: what the listener keeps is the larger part of it.
        assert psutil.Process().memory_info().rss - before < 100 * MEGABYTE
        lost.transport.resume_reading()
        assert await Listener(lost).closed() == (4408, "too slow")


async def test_a_client_that_stalls_is_given_up_after_a_while(
    address: str, app: Litestar, maintainer: Person, admin: Person, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.connection.MAX_QUEUED_BYTES", 10**9)
    monkeypatch.setattr("tracker.realtime.connection.SEND_SECONDS", 1.0)
    issue = await maintainer.open_issue()
    async with deaf(address, admin.token) as lost, listening(address, maintainer.token) as listener:
        for _ in range(10):
            await happen(sessions, app, issue["id"])
            await listener.events(EVENTS_A_PORTION)
        async with asyncio.timeout(10):
            while app.state.live.hub.sockets > 1:  # noqa: ASYNC110  # nothing tells us
                await asyncio.sleep(0.02)
        lost.transport.resume_reading()
        assert await Listener(lost).closed() == (4408, "too slow")


async def happen(sessions: Sessions, app: Litestar, issue_id: int) -> None:
    async with sessions() as session:
        await session.execute(_LARGE, {"id": issue_id, "count": EVENTS_A_PORTION})
        await session.commit()
    app.state.doorbell.ring(events=True)
