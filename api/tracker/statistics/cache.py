"""Keeps computed figures in Redis until something changes, and lets nobody compute the same thing twice at once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

from redis.asyncio import Redis

from tracker.core.redis import REDIS_TROUBLE
from tracker.core.together import Together
from tracker.statistics.generations import EVERYTHING, Generations, key_of

logger = logging.getLogger(__name__)

# Names of people in the figures have no events of their own; a renamed person is right after this time.
KEPT_SECONDS = 60
LOCK_MILLISECONDS = 5_000
POLL_SECONDS = 0.02
AVOID_REDIS_SECONDS = 5.0

# Of each scope and variant that is asked for, the scope's generation, and what is kept of it.
_FIND = """
local found, everything = {}, redis.call('GET', KEYS[1]) or 0
for i = 1, #ARGV, 2 do
    local generation = string.format('%.0f', everything + (redis.call('GET', KEYS[1 + (i + 1) / 2]) or 0))
    found[i] = generation
    found[i + 1] = redis.call('GET', 'figures:' .. ARGV[i] .. ':' .. generation .. ':' .. ARGV[i + 1]) or ''
end
return found
"""

Compute = Callable[[], Awaitable[bytes]]


_Wanted = tuple[str, tuple[str, ...]]
"""A scope and variants."""


class _Kept(NamedTuple):
    generation: str
    value: bytes
    """Empty if there is none."""


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
        self._kept = Together(self._find)

    async def get(self, scope: str, wanted: Mapping[str, Compute]) -> list[bytes]:
        """The values of these variants as of the scope's latest change, at most two seconds late."""
        redis, generations = self._redis, self._generations
        if redis is None or generations is None or time.monotonic() < self._avoid_until:
            return [await self._once(scope, *one) for one in wanted.items()]
        try:
            await generations.watch()
            kept = await self._kept.get((scope, tuple(wanted))) or []
        except REDIS_TROUBLE as error:
            self._avoid(error)
            return [await self._once(scope, *one) for one in wanted.items()]
        values: list[bytes] = []
        for (generation, value), (variant, compute) in zip(kept, wanted.items(), strict=True):
            dated = f"{scope}:{generation}"
            computed = partial(self._computed, redis, f"figures:{dated}:{variant}", compute)
            values.append(value or await self._once(dated, variant, computed))
        return values

    async def _find(self, wanted: Collection[_Wanted]) -> dict[_Wanted, list[_Kept]]:
        """What Redis has of the variants of each scope."""
        redis: Any = self._redis
        one_by_one = [(scope, variant) for scope, variants in wanted for variant in variants]
        keys = [key_of(EVERYTHING), *(key_of(scope) for scope, _ in one_by_one)]
        told = await redis.eval(_FIND, len(keys), *keys, *chain.from_iterable(one_by_one))
        kept = (_Kept(generation.decode(), value) for generation, value in zip(told[::2], told[1::2], strict=True))
        return {(scope, variants): list(islice(kept, len(variants))) for scope, variants in wanted}

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
