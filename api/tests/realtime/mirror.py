"""A client that keeps a copy of the issues by snapshot and events, through whatever happens to its sockets."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
import pytest
from httpx import HTTPError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.people import Person
from tracker.models import Role

Row = dict[str, Any]

# The rule of visibility, said once more and independently.
_LOGGED = text("""
    SELECT events.id FROM events JOIN issues ON issues.id = events.issue_id
    WHERE NOT pg_visible_in_snapshot(events.txid, CAST(CAST(:seen AS text) AS pg_snapshot))
      AND (:all OR issues.reporter_id = :user_id)
""")

TROUBLE = (WebSocketException, InvalidHandshake, HTTPError, OSError, TimeoutError, AssertionError)


class Mirror:
    """What a browser tab does: load, listen, apply; come back with the cursor, and begin anew on `reset`.

    Args:
        person: whose issues; also loads the snapshots.
        choose_url: where to connect next.
        token: gives an access token for each sign-in.
    """

    def __init__(self, person: Person, choose_url: Callable[[], str], token: Callable[[], str]) -> None:
        self.person = person
        self._choose_url = choose_url
        self._token = token
        self._cursor: str | None = None
        self._connection: ClientConnection | None = None
        self.issues: dict[int, Row] = {}
        self.raw: list[str] = []
        self.applied: list[int] = []
        """Events since the last snapshot."""
        self.heard = 0
        """Events in all: a `reset` is as good as they are, and begins with a snapshot again."""
        self.first_cursor = ""
        """Where that snapshot was taken."""
        self.loaded = asyncio.Event()
        self.connects = 0
        self.loads = 0
        self.closed_with: list[int] = []

    async def run(self) -> None:
        """Until cancelled."""
        random = Random(self.person.id)
        while True:
            with suppress(*TROUBLE):
                if self._cursor is None:
                    await self._load()
                await self._listen()
            await asyncio.sleep(random.uniform(0.02, 0.3))

    def drop(self) -> None:
        """Breaks the connection, without a farewell."""
        if self._connection:
            self._connection.transport.abort()

    async def fresh(self) -> dict[int, Row]:
        """The issues as a new client would load them."""
        answer = await self.person.get("/issues/snapshot")
        assert answer.is_success
        return {row["id"]: row for row in map(json.loads, answer.text.splitlines()[1:])}

    async def settle(self, seconds: float) -> None:
        """Waits until it shows what a fresh reading gives."""
        try:
            async with asyncio.timeout(seconds):
                while self.issues != await self.fresh():  # noqa: ASYNC110  # nothing tells that moment
                    await asyncio.sleep(0.1)
        except TimeoutError:
            fresh = await self.fresh()
            differing = {n for n in {*fresh, *self.issues} if fresh.get(n) != self.issues.get(n)}
            pytest.fail(f"{self.person.name}: {[(fresh.get(n), self.issues.get(n)) for n in differing]}")

    async def missed(self, session: AsyncSession) -> set[int]:
        """What the log has after the last snapshot and was not applied; of issues that still are there at all."""
        position = msgspec.msgpack.decode(base64.urlsafe_b64decode(self.first_cursor + "==")[16:])
        ids = await session.scalars(
            _LOGGED, {"seen": position[4], "all": self.person.role != Role.REPORTER, "user_id": self.person.id}
        )
        return set(ids) - set(self.applied)

    def doubled(self) -> set[int]:
        """What was applied twice."""
        return {event_id for event_id, times in Counter(self.applied).items() if times > 1}

    async def _load(self) -> None:
        answer = await self.person.get("/issues/snapshot")
        assert answer.is_success
        head, *rows = map(json.loads, answer.text.splitlines())
        self.issues = {row["id"]: row for row in rows}
        self.applied = []
        self._cursor = self.first_cursor = head["cursor"]
        self.loads += 1
        self.loaded.set()

    async def _listen(self) -> None:
        self.connects += 1
        async with connect(self._choose_url(), proxy=None, open_timeout=5) as connection:
            self._connection = connection
            try:
                await connection.send(json.dumps({"type": "auth", "token": self._token(), "cursor": self._cursor}))
                async for frame in connection:
                    assert isinstance(frame, str)
                    self.raw.append(frame)
                    self._apply(json.loads(frame))
                    if self._cursor is None:
                        return
            finally:
                self._connection = None
                self.closed_with.append(connection.close_code or 0)

    def _apply(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "reset":
            self._cursor = None
            return
        for event in frame.get("events", ()):
            self.applied.append(event["id"])
            self.heard += 1
            if event["issue"] is None:
                self.issues.pop(event["issue_id"], None)
            else:
                self.issues[event["issue_id"]] = event["issue"]
        self._cursor = frame["cursor"]
