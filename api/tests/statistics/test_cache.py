"""The dashboard's figures are kept, but never for longer than they are true."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.conftest import Installed
from tests.people import Person, accepted
from tracker.core.redis import redis_client
from tracker.settings import Settings
from tracker.statistics import cache as cache_module
from tracker.statistics.cache import FigureCache
from tracker.statistics.generations import Generations, key_of

STATS = "/issues/dashboard/stats"
PATIENCE_SECONDS = 10.0
"""Two are promised; the others are for a machine that has much else to do."""


async def becomes(person: Person, total: int) -> dict[str, Any]:
    """The figures, as soon as they count so many issues; fails when that takes too long."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (stats := accepted(await person.get(STATS)))["total"] != total:  # noqa: ASYNC110 (asking is what a dashboard does)
            await asyncio.sleep(0.02)
    return stats


async def test_a_change_shows_soon_and_nothing_is_computed_while_nothing_changes(
    maintainer: Person, reporter: Person
) -> None:
    await reporter.open_issue()
    await becomes(maintainer, 1)
    await becomes(reporter, 1)
    for total in (2, 3, 4):
        await maintainer.open_issue()
        await becomes(maintainer, total)
    await reporter.open_issue()
    await becomes(reporter, 2)
    latest = await becomes(maintainer, 5)
    again = accepted(await maintainer.get(STATS))
    assert again["computed_at"] >= latest["computed_at"]
    kept = [accepted(await maintainer.get(STATS))["computed_at"] for _ in range(5)]
    assert len(set(kept)) <= 2  # the last change may still be passed on


async def test_two_of_the_staff_share_the_figures_but_for_their_own_work(admin: Person, maintainer: Person) -> None:
    await admin.open_issue(assignee_id=maintainer.id)
    await becomes(admin, 1)
    for person, own in ((admin, 0), (maintainer, 1)):
        assert accepted(await person.get(STATS))["my_open"] == own


async def test_without_redis_the_figures_are_computed_each_time(installed: Installed, maintainer: Person) -> None:
    for redis_url in (None, "redis://127.0.0.1:1/0"):
        replica = await installed(redis_url=redis_url)
        headers = {"Authorization": maintainer.headers["Authorization"]}
        first = accepted(await replica.get(STATS, headers=headers))["total"]
        await maintainer.open_issue()
        assert accepted(await replica.get(STATS, headers=headers))["total"] == first + 1


class Slow:
    """A computation that is under way until it is let go."""

    def __init__(self) -> None:
        self.runs = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self) -> bytes:
        self.runs += 1
        self.begun.set()
        await self.may_end.wait()
        return b"%d" % self.runs


@pytest.fixture
async def redis(settings: Settings) -> AsyncGenerator[Redis]:
    async with redis_client(settings.redis_url or "") as redis:
        await redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
        yield redis


def replica(redis: Redis) -> tuple[FigureCache, Generations]:
    """A cache whose feed answers at once."""
    generations = Generations(redis, lambda attach: attach(None))
    return FigureCache(redis, generations), generations


async def test_a_hundred_who_ask_two_replicas_at_once_wait_for_one_computation(redis: Redis) -> None:
    (one, _), (other, _) = replica(redis), replica(redis)
    slow = Slow()
    waiting = [asyncio.ensure_future(cache.get("all", "30", slow)) for cache in (one, other) * 50]
    async with asyncio.timeout(5):
        await slow.begun.wait()
        slow.may_end.set()
        assert await asyncio.gather(*waiting) == [b"1"] * 100


async def test_all_who_ask_at_once_are_told_what_they_asked_for(redis: Redis) -> None:
    cache, generations = replica(redis)

    async def of(scope: str, variant: str) -> bytes:
        async def compute() -> bytes:
            return f"{scope} {variant}".encode()

        return await cache.get(scope, variant, compute)

    for _ in range(2):  # computed, then kept
        answers = await asyncio.gather(of("all", "30"), of("reporter:7", "30"), of("all", "90"))
        assert answers == [b"all 30", b"reporter:7 30", b"all 90"]
    for name, value in (("all", 3), ("everything", 2)):
        await redis.set(key_of(name), value)
    await redis.set("figures:all:5:30", b"of the fifth")
    assert [await of("all", "30"), await of("all", "365")] == [b"of the fifth", b"all 365"]
    assert await redis.get("figures:all:5:365") == b"all 365"
    await generations.aclose()


async def test_what_was_computed_from_older_data_is_not_kept_for_newer_readers(redis: Redis) -> None:
    cache, generations = replica(redis)
    slow = Slow()
    early = asyncio.ensure_future(cache.get("all", "30", slow))
    await slow.begun.wait()
    generations.changed({7})
    async with asyncio.timeout(5):
        while not await redis.exists(key_of("all")):  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(0.01)
    late = asyncio.ensure_future(cache.get("all", "30", slow))
    slow.may_end.set()
    await early
    await late
    assert slow.runs == 2
    assert await redis.get(key_of("reporter:7")) == b"1"
    assert await redis.get(key_of("reporter:8")) is None
    await generations.aclose()


async def test_what_takes_long_to_compute_may_be_late_for_a_while(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "PATIENCE", 1_000_000)
    cache, generations = replica(redis)
    slow = Slow()
    slow.may_end.set()
    for quick_seconds, answers in ((60.0, [b"1", b"2"]), (0.0, [b"3", b"3"])):
        monkeypatch.setattr(cache_module, "QUICK_SECONDS", quick_seconds)
        told: list[bytes] = []
        for _ in answers:
            await redis.incr(key_of("all"))
            told.append(await cache.get("all", "30", slow))
        assert told == answers
    await generations.aclose()


async def test_a_computation_that_fails_is_tried_once_and_keeps_nobody_waiting(redis: Redis) -> None:
    (one, _), (other, _) = replica(redis), replica(redis)
    runs = 0

    async def fail() -> bytes:
        nonlocal runs
        runs += 1
        raise TimeoutError("the database is slow")

    async with asyncio.timeout(3):  # less than a lock lasts
        for number, cache in enumerate((one, other), start=1):
            with pytest.raises(TimeoutError, match="slow"):
                await cache.get("all", "30", fail)
            assert runs == number
