"""How Redis is reached: never long enough to make anybody wait for it."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

ANSWER_SECONDS = 1.0

REDIS_TROUBLE = (RedisError, OSError, TimeoutError)
"""All that a call may raise while Redis is away, restarting or slow."""


def redis_client(url: str, *, retries: int = 1) -> Redis:
    """A client whose calls fail within about a second each.

    Args:
        url: `redis://…`, `rediss://…` or `unix://…`.
        retries: by default one, so that a connection which was dropped meanwhile goes unnoticed.
    """
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # its keyword arguments have no types
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), retries),
        retry_on_error=[RedisConnectionError] if retries else [],
    )
