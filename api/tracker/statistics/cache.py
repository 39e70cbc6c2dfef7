"""Keeps computed figures in Redis until something changes, and lets nobody compute the same thing twice at once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from redis.asyncio import Redis

from tracker.core.redis import REDIS_TROUBLE
from tracker.statistics.generations import Generations

logger = logging.getLogger(__name__)

# Names of people in the figures have no events of their own; a renamed person is right after this time.
KEPT_SECONDS = 60
LOCK_MILLISECONDS = 5_000
POLL_SECONDS = 0.02
AVOID_REDIS_SECONDS = 5.0

Compute = Callable[[], Awaitable[bytes]]


class FigureCache:
    """Values by scope (whose issues they are about) and variant (which figures).

    A value is kept under the generation of its scope in which its computation began, so one that was made from
    older data is never found by newer readers. Without Redis, or while it is away, values are computed each time,
    but once for all who wait together.
    """

    def __init__(self, redis: Redis | None, generations: Generations | None) -> None:
        self._redis = redis
        self._generations = generations
        self._avoid_until = 0.0
        self._under_way: dict[tuple[str, str], asyncio.Task[bytes]] = {}

    async def get(self, scope: str, wanted: Mapping[str, Compute]) -> list[bytes]:
        """The values of these variants as of the scope's latest change, at most two seconds late."""
        redis, generations = self._redis, self._generations
        if redis is None or generations is None or time.monotonic() < self._avoid_until:
            return [await self._once(scope, *one) for one in wanted.items()]
        try:
            await generations.watch()
            dated = f"{scope}:{await generations.of(scope)}"
            kept: list[Any] = await redis.mget([_key(dated, variant) for variant in wanted])
        except REDIS_TROUBLE as error:
            self._avoid(error)
            return [await self._once(scope, *one) for one in wanted.items()]
        return [
            await self._once(dated, variant, partial(self._computed, redis, _key(dated, variant), compute))
            if value is None
            else value
            for value, (variant, compute) in zip(kept, wanted.items(), strict=True)
        ]

    async def _once(self, scope: str, variant: str, compute: Compute) -> bytes:
        """Joins a computation of this process that is under way, or begins one that outlives whoever began it."""
        task = self._under_way.get((scope, variant))
        if task is None:
            task = asyncio.ensure_future(compute())
            self._under_way[scope, variant] = task
            task.add_done_callback(lambda _: self._under_way.pop((scope, variant), None))
        return await asyncio.shield(task)

    async def _computed(self, redis: Redis, key: str, compute: Compute) -> bytes:
        """Computes while other replicas wait for the result, or waits for another replica's."""
        lock = f"{key}:lock"
        try:
            deadline = time.monotonic() + LOCK_MILLISECONDS / 1000
            while True:
                is_mine = await redis.set(lock, b"1", nx=True, px=LOCK_MILLISECONDS)
                # Looked up after trying the lock: whoever held it may have stored the value and let go just before.
                kept: Any = await redis.get(key)
                if kept is not None:
                    return kept
                if is_mine or time.monotonic() > deadline:
                    break
                await asyncio.sleep(POLL_SECONDS)
            value = await compute()
            await redis.set(key, value, ex=KEPT_SECONDS)
            await redis.delete(lock)
        except REDIS_TROUBLE as error:
            self._avoid(error)
            return await compute()
        return value

    def _avoid(self, error: BaseException) -> None:
        self._avoid_until = time.monotonic() + AVOID_REDIS_SECONDS
        logger.warning("figures are not cached for now", extra={"error": type(error).__name__})


def _key(scope: str, variant: str) -> str:
    return f"figures:{scope}:{variant}"
