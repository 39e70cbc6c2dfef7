"""All sockets of the process: whom there is to deliver to, and who may still listen."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection
from time import monotonic
from uuid import UUID

from tracker.accounts.auth import find_viewers
from tracker.core.database import Sessions
from tracker.realtime.connection import Connection
from tracker.realtime.feed import Batch, Place
from tracker.realtime.protocol import SOCKETS_PER_USER, Close

logger = logging.getLogger(__name__)

CLOCK_SECONDS = 0.5
SOCKETS_AT_ONCE = 50
"""So many get their frame before whatever else waits has its turn: some 2 ms."""
SWEEP_SECONDS = 20.0
"""So late does a changed role or an ended session count at most, when nobody tells."""


class Hub:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._by_user: defaultdict[int, set[Connection]] = defaultdict(set)
        self._listening: set[Connection] = set()
        self._suspects: set[int] = set()
        self._all_are_suspect = False
        self._look = asyncio.Event()
        self.alarms = 0
        """Grows with each suspicion: who asked the database meanwhile may have been told what was before."""

    @property
    def sockets(self) -> int:
        """How many are signed in or about to be."""
        return sum(map(len, self._by_user.values()))

    @property
    def listeners(self) -> int:
        """How many are told what happens."""
        return len(self._listening)

    def enter(self, connection: Connection) -> bool:
        """Counts the socket to its user; False if they have enough. From now on their access is watched."""
        if len(self._by_user[connection.user_id]) >= SOCKETS_PER_USER:
            return False
        self._by_user[connection.user_id].add(connection)
        return True

    def leave(self, connection: Connection) -> None:
        self._listening.discard(connection)
        own = self._by_user[connection.user_id]
        own.discard(connection)
        if not own:
            del self._by_user[connection.user_id]

    def listen(self, connection: Connection, place: Place) -> None:
        """From the next batch on, which begins at the place, the connection gets its share."""
        connection.place = place
        self._listening.add(connection)

    async def deliver(self, batch: Batch) -> None:
        """Gives all their share, and requests their turns in between. Nothing else may be delivered meanwhile."""
        for number, connection in enumerate(list(self._listening), 1):
            try:
                connection.deliver(batch)
            except Exception:
                logger.exception("a socket can't be delivered to")
                connection.close(Close.FAILED)
            if number % SOCKETS_AT_ONCE == 0:
                await asyncio.sleep(0)

    def reset(self, place: Place) -> None:
        for connection in self._listening:
            connection.reset(place)

    def close_all(self, close: Close) -> None:
        for connection in self._everyone():
            connection.close(close)

    def suspect(self, user_ids: Collection[int]) -> None:
        """Has these people's sockets looked at again."""
        self.alarms += 1
        self._suspects |= self._by_user.keys() & user_ids
        self._look.set()

    def suspect_everyone(self) -> None:
        self.alarms += 1
        self._all_are_suspect = True
        self._look.set()

    async def watch_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            now = monotonic()
            for connection in list(self._listening):
                connection.check(now)

    async def watch_access(self) -> None:
        """Looks suspects up in the database, and everybody now and then; what fails is tried again."""
        while True:
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                self._all_are_suspect = True
            self._look.clear()
            suspects, self._suspects = self._suspects, set[int]()
            everyone, self._all_are_suspect = self._all_are_suspect, False
            try:
                await self._recheck(self._everyone() if everyone else self._sockets_of(suspects))
            except Exception as error:  # noqa: BLE001  # whatever it is, nobody is to keep listening because of it
                logger.warning("the sockets' sessions can't be checked", extra={"error": type(error).__name__})
                await asyncio.sleep(CLOCK_SECONDS)
                self._suspects |= suspects
                self._all_are_suspect |= everyone
                self._look.set()

    async def _recheck(self, connections: list[Connection]) -> None:
        asked: dict[Connection, UUID | None] = {
            connection: connection.viewer.session_id for connection in connections if connection.viewer
        }
        if not asked:
            return
        async with self._sessions() as session:
            viewers = await find_viewers(session, {session_id for session_id in asked.values() if session_id})
        for connection, session_id in asked.items():
            if connection.viewer and connection.viewer.session_id == session_id:
                connection.sign_in(viewers.get(session_id) if session_id else None)

    def _everyone(self) -> list[Connection]:
        return [connection for own in self._by_user.values() for connection in own]

    def _sockets_of(self, user_ids: Collection[int]) -> list[Connection]:
        return [connection for user_id in user_ids for connection in self._by_user.get(user_id, ())]
