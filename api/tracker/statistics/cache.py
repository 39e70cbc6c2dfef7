"""Keeps computed figures in Redis until something changes, and lets nobody compute the same thing twice at once."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from redis.asyncio import Redis

from tracker.core.redis import REDIS_TROUBLE
from tracker.core.together import Together
from tracker.statistics.generations import EVERYTHING, Generations, key_of

logger = logging.getLogger(__name__)

# Names of people in the figures have no events of their own; a renamed person is right after this time.
KEPT_SECONDS = 60
QUICK_SECONDS, PATIENCE = 0.5, 20
"""What takes longer to compute than the first may be late, by that many times as long as it took longer: else whoever
looks at a lively tracker would have it computed all the time. No longer than others are kept.
"""
LOCK_MILLISECONDS = 5_000
POLL_SECONDS = 0.02
AVOID_REDIS_SECONDS = 5.0

# Of each scope and variant that is asked for, the scope's generation, and what is kept of it, or what may be late.
_FIND = """
local found, everything = {}, redis.call('GET', KEYS[1]) or 0
for i = 1, #ARGV, 2 do
    local generation = string.format('%.0f', everything + (redis.call('GET', KEYS[1 + (i + 1) / 2]) or 0))
    local function kept(name) return redis.call('GET', 'figures:' .. ARGV[i] .. ':' .. name .. ':' .. ARGV[i + 1]) end
    found[i] = generation
    found[i + 1] = kept(generation) or kept('lately') or ''
end
return found
"""

Compute = Callable[[], Awaitable[bytes]]


_Wanted = tuple[str, str]
"""A scope and a variant."""


class _Kept(NamedTuple):
    generation: str
    value: bytes
    """Empty if there is none."""


class _Began(NamedTuple):
    generation: str
    task: asyncio.Future[bytes]


class FigureCache:
    """Values by scope (whose issues they are about) and variant (which figures).

    A value is kept under the generation of its scope in which its computation began, so one that was made from
    older data is found by newer readers only if it took long. Nothing is computed twice at once: whoever needs a newer
    value waits for the older one first. Without Redis, or while it is away, values are computed each time, but once for
    all who wait together.
    """

    def __init__(self, redis: Redis | None, generations: Generations | None) -> None:
        self._redis = redis
        self._generations = generations
        self._avoid_until = 0.0
        self._under_way: dict[_Wanted, _Began] = {}
        self._kept = Together(self._find)

    async def get(self, scope: str, variant: str, compute: Compute) -> bytes:
        """The value as of the scope's latest change, at most two seconds late if it is quick to compute."""
        while (kept := await self._find_kept((scope, variant))) and not kept.value:
            began = self._under_way.get((scope, variant))
            if began and began.generation != kept.generation:
                await asyncio.wait([began.task])  # it may be good enough, if it takes long
                continue
            keys = [f"figures:{scope}:{name}:{variant}" for name in (kept.generation, "lately")]
            computed = partial(self._computed, keys, compute)
            return await self._once((scope, variant), kept.generation, computed)
        return kept.value if kept else await self._once((scope, variant), "", compute)

    async def _find_kept(self, wanted: _Wanted) -> _Kept | None:
        """None while nothing is kept."""
        if self._redis is None or self._generations is None or time.monotonic() < self._avoid_until:
            return None
        try:
            await self._generations.watch()
            return await self._kept.get(wanted)
        except REDIS_TROUBLE as error:
            self._avoid(error)
            return None

    async def _find(self, wanted: Collection[_Wanted]) -> dict[_Wanted, _Kept]:
        redis: Any = self._redis
        keys = [key_of(EVERYTHING), *(key_of(scope) for scope, _ in wanted)]
        told = await redis.eval(_FIND, len(keys), *keys, *chain.from_iterable(wanted))
        kept = (_Kept(generation.decode(), value) for generation, value in zip(told[::2], told[1::2], strict=True))
        return dict(zip(wanted, kept, strict=True))

    async def _once(self, wanted: _Wanted, generation: str, compute: Compute) -> bytes:
        """Joins a computation of this process that is under way, or begins one that outlives whoever began it."""
        began = self._under_way.get(wanted)
        if began is None:
            began = _Began(generation, asyncio.ensure_future(compute()))
            self._under_way[wanted] = began
            began.task.add_done_callback(lambda _: self._under_way.pop(wanted, None))
        return await asyncio.shield(began.task)

    async def _computed(self, keys: Sequence[str], compute: Compute) -> bytes:
        """Computes while other replicas wait for the result, or waits for another replica's."""
        redis: Any = self._redis
        key, _ = keys
        lock = f"{key}:lock"
        try:
            deadline = time.monotonic() + LOCK_MILLISECONDS / 1000
            while True:
                is_mine = await redis.set(lock, b"1", nx=True, px=LOCK_MILLISECONDS)
                # Looked up after trying the lock: whoever held it may have stored the value and let go just before.
                kept = await redis.get(key)
                if kept is not None:
                    return kept
                if is_mine or time.monotonic() > deadline:
                    break
                await asyncio.sleep(POLL_SECONDS)
        except REDIS_TROUBLE as error:
            self._avoid(error)
            return await compute()
        value = None
        started = time.monotonic()
        try:
            value = await compute()
            return value
        finally:
            await self._keep(keys, value, time.monotonic() - started)

    async def _keep(self, keys: Sequence[str], value: bytes | None, seconds: float) -> None:
        redis: Any = self._redis
        key, late_key = keys
        late = min(1000 * KEPT_SECONDS, math.floor(1000 * PATIENCE * (seconds - QUICK_SECONDS)))
        try:
            if value is not None:
                await redis.set(key, value, ex=KEPT_SECONDS)
                if late > 0:
                    await redis.set(late_key, value, px=late)
            await redis.delete(f"{key}:lock")
        except REDIS_TROUBLE as error:
            self._avoid(error)

    def _avoid(self, error: BaseException) -> None:
        self._avoid_until = time.monotonic() + AVOID_REDIS_SECONDS
        logger.warning("figures are not cached for now", extra={"error": type(error).__name__})
