"""Rate limits that hold over all replicas: counted in Redis, or in this process while Redis is away.

Each limit is a bucket that refills evenly (GCRA): one moment says all there is to know, and is compared and moved in
one step, so that however many ask at once, no more get through.
"""

import asyncio
import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from tracker.core.errors import TooMany
from tracker.core.metrics import Metrics
from tracker.core.redis import REDIS_TROUBLE
from tracker.settings import Rate

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""How long Redis may take before it counts as away. Every write waits for its answer; but on a machine with too much to
do it is this process that is late, and to count for itself would let guesses through.
"""
PAUSE_SECONDS = 5.0
"""For so long Redis is not asked again after it failed, so that requests don't wait for it one after the other."""
MOST_REMEMBERED = 20_000
IPV6_NETWORK_BITS = 64
"""What one subscriber gets, who may call from any address in it."""

# For each key: microseconds that one takes, and microseconds that may be taken in advance. Refuses all or takes all.
# The time is Redis' own. A moment further ahead of it than can be is from before it was set back, and is mended also
# when it leads to a refusal: else all were refused, until the clock is where it was.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local moments, wait, refused = {}, 0, 0
for i, key in ipairs(KEYS) do
    local each, ahead = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local moment = tonumber(redis.call('GET', key) or 0)
    if moment > now + ahead then
        moment = now + ahead
        redis.call('SET', key, string.format('%.0f', moment), 'PX', math.ceil(ahead / 1000) + 1)
    end
    moments[i] = math.max(moment, now) + each
    if moments[i] - ahead - now > wait then
        wait, refused = moments[i] - ahead - now, i
    end
end
if refused == 0 then
    for i, key in ipairs(KEYS) do
        redis.call('SET', key, string.format('%.0f', moments[i]), 'PX', math.ceil((moments[i] - now) / 1000) + 1)
    end
end
return {refused, math.ceil(wait / 1000000)}
"""
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    local moment = redis.call('GET', key)
    if moment then
        redis.call('SET', key, string.format('%.0f', tonumber(moment) - tonumber(ARGV[i])), 'KEEPTTL')
    end
end
"""


class Use:
    """One use of one limit by somebody."""

    def __init__(self, limit: str, who: str, rate: Rate) -> None:
        # Whatever names somebody is not to be read in Redis.
        self.key = f"limit:{limit}:{hashlib.blake2b(who.encode(errors='replace'), digest_size=12).hexdigest()}"
        self.limit = limit
        self.each = rate.seconds * 1_000_000 // rate.count
        self.ahead = self.each * rate.count


class Limits:
    """Refuses what is too much.

    Args:
        redis: where replicas count together.
        rates: by limit; one that isn't there is no limit.
        metrics: where refusals are counted.
        clock: of this process, in seconds, for while Redis is away.
    """

    def __init__(
        self, redis: Redis | None, rates: dict[str, Rate], metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._rates = rates
        self._metrics = metrics
        self._clock = clock
        self._ask_again_at = -math.inf
        self._own: dict[str, int] = {}

    async def take(self, **whom: str) -> Sequence[Use]:
        """Uses limits, each by its name for the one named, all together or none.

        Raises:
            TooMany: one of them is used up.
        """
        uses = [Use(limit, who, rate) for limit, who in whom.items() if (rate := self._rates.get(limit))]
        if uses:
            refused, seconds = await self._take(uses)
            if refused:
                self._metrics.rate_limited.labels(uses[refused - 1].limit).inc()
                raise TooMany("Too many requests. Try again later.", retry_after=max(1, seconds))
        return uses

    @asynccontextmanager
    async def counting(self, failure: type[Exception], **whom: str) -> AsyncGenerator[None]:
        """Uses limits as `take` does, and gives back what ends in anything but that failure.

        They are taken before it is known how it ends, so that many at once get no further than one after the other.
        """
        uses = await self.take(**whom)
        try:
            yield
        except Exception as error:
            if not isinstance(error, failure):
                await self._give_back(uses)
            raise
        await self._give_back(uses)

    async def _give_back(self, uses: Sequence[Use]) -> None:
        if not uses:
            return
        for use in uses:
            if use.key in self._own:
                self._own[use.key] -= use.each
        await self._ask(_GIVE_BACK, uses, [use.each for use in uses])

    async def _take(self, uses: Sequence[Use]) -> tuple[int, int]:
        answer = await self._ask(_TAKE, uses, [number for use in uses for number in (use.each, use.ahead)])
        return self._take_here(uses) if answer is None else (answer[0], answer[1])

    async def _ask(self, script: str, uses: Sequence[Use], arguments: Sequence[int]) -> Any:
        """What Redis says; None while it is away."""
        if self._redis is None or self._clock() < self._ask_again_at:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._redis.eval(script, len(uses), *(use.key for use in uses), *arguments) or 0  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType, reportUnknownMemberType, reportArgumentType]
        except REDIS_TROUBLE as error:
            self._ask_again_at = self._clock() + PAUSE_SECONDS
            logger.warning("rate limits hold for each replica alone", extra={"error": type(error).__name__})
            return None

    def _take_here(self, uses: Sequence[Use]) -> tuple[int, int]:
        now = round(self._clock() * 1_000_000)
        moments = [max(self._own.get(use.key, now), now) + use.each for use in uses]
        waits = [moment - use.ahead - now for use, moment in zip(uses, moments, strict=True)]
        longest = max(waits)
        if longest > 0:
            return waits.index(longest) + 1, math.ceil(longest / 1_000_000)
        if len(self._own) >= MOST_REMEMBERED:
            self._own = {key: moment for key, moment in self._own.items() if moment > now}
            if len(self._own) >= MOST_REMEMBERED:
                self._own.clear()
        self._own |= {use.key: moment for use, moment in zip(uses, moments, strict=True)}
        return 0, 0


def network_of(address: str) -> str:
    """By which an address is counted."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
