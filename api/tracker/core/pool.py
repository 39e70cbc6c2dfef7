"""Connections to the database, for whoever comes first.

asyncio's queue, and SQLAlchemy's pool on top of it, lets whoever asks at the right moment go before those who wait: when
there is much to do some wait ten times as long as others.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import await_only, greenlet_spawn


class Turns:
    """So many at once; to be taken and given back."""

    def __init__(self, number: int) -> None:
        self.free = number
        """None as long as anybody waits."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return sum(not each.done() for each in self._waiting)

    async def take(self) -> None:
        if self.free:
            self.free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was given just before
                self.give()
            raise

    def give(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return
        self.free += 1


class FairPool(AsyncAdaptedQueuePool):
    """Gives connections, and leave to make them, in the order in which they are asked for."""

    def __init__(self, creator: Any, pool_size: int = 5, **options: Any) -> None:
        super().__init__(creator, pool_size, **options)
        self.turns = Turns(pool_size)

    async def connect_in_turn(self) -> PoolProxiedConnection:
        """As `connect`, for those who are no greenlet; to become one takes a while.

        Raises:
            PoolTimeout: others had all connections for too long.
        """
        if not self.turns.free:
            await self._wait()
            self.turns.free += 1  # which `connect` takes before anybody else can
        if self.checkedin():
            with suppress(MissingGreenlet):  # one has to be made anew
                return self.connect()
        return await greenlet_spawn(self.connect)

    def _do_get(self) -> ConnectionPoolEntry:
        if self.turns.free:
            self.turns.free -= 1
        else:
            await_only(self._wait())
        try:
            return super()._do_get()
        except BaseException:
            self.turns.give()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        self.turns.give()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self.turns.take()
        except TimeoutError:
            raise PoolTimeout(f"no connection within {self._timeout} seconds") from None
