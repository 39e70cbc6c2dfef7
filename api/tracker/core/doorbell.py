"""Tells every replica that something was committed: a message on one Redis channel that says next to nothing.

What happened is in the database, and whoever misses the bell looks there a moment later anyway. So ringing may fail,
and never delays the write that it is about.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import uniform
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from tracker.core.redis import ANSWER_SECONDS, REDIS_TROUBLE, redis_client

logger = logging.getLogger(__name__)

CHANNEL = "tracker:doorbell"
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 5.0
GATHER_SECONDS = 0.005
"""Rings that follow one within this time are one ring, lest a busy replica does little else."""
PING_SECONDS = 10.0

Hearer = Callable[[frozenset[int]], None]
"""Called with the people whose role or sessions changed; with nobody when there are events."""


class Doorbell:
    """Rings for new events, and for people whose role or sessions changed.

    Rings that come while one is on its way, or just after, are one ring.
    """

    def __init__(self, redis_url: str | None) -> None:
        self._redis = redis_client(redis_url) if redis_url else None
        self._hearers: list[Hearer] = []
        self._has_events = False
        self._user_ids: set[int] = set()
        self._ringing: asyncio.Task[None] | None = None
        self._works = True

    def subscribe(self, hearer: Hearer) -> None:
        """Lets somebody in this process hear directly, Redis or not."""
        self._hearers.append(hearer)

    def ring(self, *, events: bool, user_ids: Iterable[int] = ()) -> None:
        """To be called after the commit; returns at once."""
        user_ids = frozenset(user_ids)
        if not events and not user_ids:
            return
        for hearer in self._hearers:
            if events:
                hearer(frozenset())
            if user_ids:
                hearer(user_ids)
        if self._redis is None:
            return
        self._has_events |= events
        self._user_ids |= user_ids
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._publish_all(self._redis))

    async def aclose(self) -> None:
        """Waits for what is being rung, and hangs up."""
        if self._ringing:
            with suppress(asyncio.CancelledError):
                await self._ringing
        if self._redis:
            await self._redis.aclose()

    async def _publish_all(self, redis: Redis) -> None:
        while self._has_events or self._user_ids:
            if self._has_events:
                self._has_events = False
                await self._publish(redis, "")
            if self._user_ids:
                user_ids, self._user_ids = self._user_ids, set[int]()
                await self._publish(redis, ",".join(map(str, sorted(user_ids))))
            await asyncio.sleep(GATHER_SECONDS)

    async def _publish(self, redis: Redis, message: str) -> None:
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                await redis.publish(CHANNEL, message)  # pyright: ignore[reportUnknownMemberType]
        except REDIS_TROUBLE as error:
            if self._works:
                logger.warning("the doorbell does not ring", extra={"error": type(error).__name__})
            self._works = False
        else:
            self._works = True


async def listen(redis_url: str, hear: Hearer, missed: Callable[[], None]) -> None:
    """Hears the doorbell, over a connection of its own, until cancelled.

    Calls `missed` whenever the line was down and is up again: what was rung meanwhile was not heard.
    """
    wait = FIRST_WAIT_SECONDS
    while True:
        # Without retries, because redis-py would subscribe anew and not tell.
        client = redis_client(redis_url, retries=0)
        try:
            async with client.pubsub() as pubsub:  # pyright: ignore[reportUnknownMemberType]
                await pubsub.subscribe(CHANNEL)  # pyright: ignore[reportUnknownMemberType]
                missed()
                wait = FIRST_WAIT_SECONDS
                await _hear_all(pubsub, hear)
        except REDIS_TROUBLE as error:
            logger.warning("the line to the doorbell is down", extra={"error": type(error).__name__})
        finally:
            with suppress(*REDIS_TROUBLE):
                await client.aclose()
        await asyncio.sleep(wait * uniform(0.5, 1))  # noqa: S311  # spreads the replicas, guards nothing
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def _hear_all(pubsub: PubSub, hear: Hearer) -> None:
    """Reads messages; a line on which not even a ping is answered raises a TimeoutError."""
    silences = 0
    while True:
        message = await _next_message(pubsub)
        if message is None:
            silences += 1
            if silences > 1:
                raise TimeoutError
            await pubsub.ping()  # pyright: ignore[reportUnknownMemberType]
            continue
        silences = 0
        if message["type"] == "message":
            hear(_user_ids(message["data"]))


async def _next_message(pubsub: PubSub) -> dict[str, Any] | None:
    return await pubsub.get_message(timeout=PING_SECONDS)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _user_ids(data: bytes) -> frozenset[int]:
    return frozenset(int(number) for number in data.split(b",") if number.isdigit())
