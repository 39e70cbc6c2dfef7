"""Live updates of one process: the feed, the sockets, and the line to the other replicas."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from time import time
from typing import Any, Protocol

import msgspec
from sqlalchemy.ext.asyncio import async_sessionmaker

from tracker.accounts.tokens import Tokens
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions, database_config
from tracker.core.doorbell import Doorbell, listen
from tracker.core.limits import Limits
from tracker.core.metrics import Metrics
from tracker.events.cursor import CursorCodec
from tracker.realtime.feed import Batch, Feed, Place
from tracker.realtime.hub import Hub
from tracker.realtime.protocol import Close
from tracker.settings import Settings

logger = logging.getLogger(__name__)

CONNECTIONS = 2
"""To the database, besides the pool that requests share: for the feed, and for checking sessions."""
REPLAYS_AT_ONCE = 4
FAREWELL_SECONDS = 3.0
RESTART_SECONDS = 1.0


class Follower(Protocol):
    """Somebody in this process who wants to know whose issues changed, as long as it is watching."""

    @property
    def is_watching(self) -> bool: ...

    def changed(self, reporter_ids: Collection[int]) -> None: ...

    def reset(self) -> None:
        """More happened than can be told."""


class LiveUpdates:
    def __init__(
        self,
        settings: Settings,
        *,
        sessions: Sessions,
        tokens: Tokens,
        cursors: CursorCodec,
        doorbell: Doorbell,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self.settings = settings
        self.sessions = sessions
        """For what a single socket needs."""
        self.tokens = tokens
        self.cursors = cursors
        self.replays = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self._engine = database_config(msgspec.structs.replace(settings, database_pool_size=CONNECTIONS)).get_engine()
        own_sessions = async_sessionmaker(self._engine.execution_options(isolation_level="AUTOCOMMIT"))
        self.hub = Hub(own_sessions)
        self.feed = Feed(
            own_sessions,
            listeners=lambda: self.hub.listeners + sum(each.is_watching for each in self._followers),
            deliver=self._deliver,
            reset=self._reset,
        )
        self._followers: list[Follower] = []
        self.metrics = metrics
        self.limits = limits
        metrics.look_up("tracker_sockets", "Sockets that are signed in or about to be.", lambda: self.hub.sockets)
        metrics.look_up(
            "tracker_feed_lag_seconds",
            "Since when not all events are known to be delivered.",
            lambda: self.feed.lag_seconds,
            of_all="livemax",
        )
        doorbell.subscribe(self._hear)

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    def encode_cursor(self, viewer: Viewer, place: Place) -> str:
        return self.cursors.encode(place.of(viewer, issued_at=int(time())))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        activities: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self.feed.run,
            self.hub.watch_clock,
            self.hub.watch_access,
        ]
        if redis_url := self.settings.redis_url:
            activities.append(lambda: listen(redis_url, self._hear, self._missed))
        tasks = [asyncio.create_task(_keep_up(activity)) for activity in activities]
        try:
            yield
        finally:
            await self._say_goodbye()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._engine.dispose()

    async def _deliver(self, batch: Batch) -> None:
        await self.hub.deliver(batch)
        if reporter_ids := batch.reporter_ids:
            self.metrics.feed_batches.inc()
            for follower in self._followers:
                follower.changed(reporter_ids)

    def _reset(self, place: Place) -> None:
        self.hub.reset(place)
        for follower in self._followers:
            follower.reset()

    def _hear(self, user_ids: frozenset[int]) -> None:
        if user_ids:
            self.hub.suspect(user_ids)
        else:
            self.feed.wake()

    def _missed(self) -> None:
        self.feed.wake()
        self.hub.suspect_everyone()

    async def _say_goodbye(self) -> None:
        self.hub.close_all(Close.GOING_AWAY)
        patience = FAREWELL_SECONDS
        while self.hub.sockets and patience > 0:
            await asyncio.sleep(0.05)
            patience -= 0.05


async def _keep_up(activity: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begins it anew should it ever fail: a process without one of them would look alive and tell nothing."""
    while True:
        try:
            await activity()
        except Exception:
            logger.exception("live updates had to begin anew")
        await asyncio.sleep(RESTART_SECONDS)
