"""Which changes the cached figures are made from: a number for each scope that every change of its issues moves on."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from redis.asyncio import Redis

from tracker.core.redis import REDIS_TROUBLE

logger = logging.getLogger(__name__)

WATCH_SECONDS = 120.0
"""Longer than a value is kept: who stored one also hears what makes it void."""
JOIN_SECONDS = 2.0
LEAST_SECONDS_BETWEEN_BUMPS = 1.0

ALL = "all"
EVERYTHING = "everything"
"""Moves on every scope."""

Join = Callable[[Callable[[Any], None]], None]
"""The feed's: calls back when everything that commits from now on will be delivered."""


def scope_of_reporter(user_id: int) -> str:
    return f"reporter:{user_id}"


def key_of(scope: str) -> str:
    """Where Redis has the scope's own number: its generation is that and the one of everything together."""
    return f"figures:generation:{scope}"


class Generations:
    """Follows the feed while figures are asked for, and keeps the numbers in Redis for all replicas.

    The first change after a quiet second counts at once, those that follow within the second count together.
    """

    def __init__(self, redis: Redis, join: Join) -> None:
        self._redis = redis
        self._join = join
        self._watching_until = 0.0
        self._joined: asyncio.Future[None] | None = None
        self._changed: set[str] = set()
        self._passing_on: asyncio.Task[None] | None = None

    @property
    def is_watching(self) -> bool:
        return time.monotonic() < self._watching_until

    async def watch(self) -> None:
        """From when this returns on, changes are heard for a while.

        Raises:
            TimeoutError: the feed doesn't answer.
        """
        if self._joined is None or not self.is_watching:
            self._joined = asyncio.ensure_future(self._join_feed())
        self._watching_until = time.monotonic() + WATCH_SECONDS
        if self._joined.done():
            return self._joined.result()
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await asyncio.shield(self._joined)
        except TimeoutError:
            self._joined = None
            raise

    def changed(self, reporter_ids: Collection[int]) -> None:
        """Something happened to issues that these people filed."""
        if reporter_ids:
            self._move_on({ALL, *map(scope_of_reporter, reporter_ids)})

    def reset(self) -> None:
        """So much happened that nobody is told what."""
        self._move_on({EVERYTHING})

    def _move_on(self, scopes: set[str]) -> None:
        self._changed |= scopes
        if self._passing_on is None or self._passing_on.done():
            self._passing_on = asyncio.create_task(self._pass_on())

    async def aclose(self) -> None:
        if self._passing_on:
            self._passing_on.cancel()

    async def _join_feed(self) -> None:
        joined = asyncio.Event()
        self._join(lambda _place: joined.set())
        await joined.wait()

    async def _pass_on(self) -> None:
        while self._changed:
            scopes, self._changed = self._changed, set[str]()
            try:
                await self._bump(scopes)
            except REDIS_TROUBLE as error:
                logger.warning("the figures' generations can't be moved on", extra={"error": type(error).__name__})
                self._changed |= scopes
            await asyncio.sleep(LEAST_SECONDS_BETWEEN_BUMPS)

    async def _bump(self, scopes: Iterable[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for scope in scopes:
                pipeline.incr(key_of(scope))
            await pipeline.execute()
