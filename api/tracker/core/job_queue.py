"""The queue between those who want a job run and the workers, in Redis."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import msgspec
from arq.connections import ArqRedis

from tracker.core.redis import ANSWER_SECONDS, REDIS_TROUBLE, redis_client

logger = logging.getLogger(__name__)


def queue(redis_url: str) -> ArqRedis:
    """The queue of jobs, in MessagePack: arq's own choice, pickle, would run whatever somebody puts there."""
    pool: Any = redis_client(redis_url).connection_pool  # typed as if it might be a blocking one
    encoder = msgspec.msgpack.Encoder(enc_hook=repr)
    return ArqRedis(pool, job_serializer=encoder.encode, job_deserializer=msgspec.msgpack.decode)


class JobQueue:
    """Has workers run jobs at once that they would run sooner or later anyway; so asking may fail."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = queue(redis_url) if redis_url else None
        self._asking: set[asyncio.Task[None]] = set()

    def ask_for(self, name: str) -> None:
        """To be called after the commit that the job is to see; returns at once."""
        if self._redis:
            asking = asyncio.create_task(self._ask(self._redis, name))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)

    async def aclose(self) -> None:
        """Waits for what is being asked, and hangs up."""
        await asyncio.gather(*self._asking)
        if self._redis:
            with suppress(*REDIS_TROUBLE):
                await self._redis.aclose(close_connection_pool=True)

    async def _ask(self, redis: ArqRedis, name: str) -> None:
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                await redis.enqueue_job(name)
        except REDIS_TROUBLE as error:
            logger.info("a job runs only when it is due", extra={"job": name, "error": type(error).__name__})
