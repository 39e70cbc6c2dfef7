"""`tracker worker` and `tracker jobs` as processes that are killed, or whose Redis is."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.people import Person
from tests.processes import TRACKER
from tracker.core.database import Sessions
from tracker.local.databases import valkey
from tracker.worker import queue

PATIENCE_SECONDS = 60

# Deleted long ago, each with a comment and an event.
TRASHED = text("""
    WITH trashed AS (
        INSERT INTO issues (title, reporter_id, deleted_at, comment_count)
        SELECT 'Trashed ' || n, :user_id, now() - interval '40 days' - n * interval '1 second', 1
        FROM generate_series(1, :issues) AS n RETURNING id
    ), said AS (
        INSERT INTO comments (issue_id, author_id, body) SELECT id, :user_id, 'Said' FROM trashed
    )
    INSERT INTO events (type, issue_id, actor_id, changes)
    SELECT 'issue.created', id, :user_id, '{"title": [null, "Trashed"], "status": [null, "open"]}' FROM trashed
""")


async def trash(sessions: Sessions, person: Person, *, issues: int) -> None:
    async with sessions() as session:
        await session.execute(TRASHED, {"user_id": person.id, "issues": issues})
        await session.commit()


async def trashed(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(text("SELECT count(*) FROM issues WHERE deleted_at IS NOT NULL")) or 0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110  # nothing tells us when
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(environment: dict[str, str], *arguments: str) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(TRACKER, *arguments, env=environment, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_worker_outlives_its_redis_and_stops_when_told_to(
    admin: Person, sessions: Sessions, environment: dict[str, str], redis_directory: Path
) -> None:
    async def emptied() -> bool:
        return await trashed(sessions) == 0

    async def ask_for_a_purge(url: str) -> None:
        pool = queue(url)
        await pool.enqueue_job("purge-trash")
        await pool.aclose(close_connection_pool=True)

    with valkey(redis_directory, durable=False) as url:
        environment["REDIS_URL"] = url
    # Begins without Redis, and loses it later.
    async with running(environment, "worker") as worker:
        for _ in range(2):
            await trash(sessions, admin, issues=3)
            with valkey(redis_directory, durable=False) as url:
                await ask_for_a_purge(url)
                await until(emptied)
        assert worker.returncode is None
        worker.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.wait() == 0


async def test_a_purge_that_is_killed_in_the_middle_leaves_whole_issues_and_the_next_one_goes_on(
    admin: Person, sessions: Sessions, environment: dict[str, str]
) -> None:
    await trash(sessions, admin, issues=500)
    async with sessions() as blocking:
        await blocking.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # else it lets go too soon
        # Batches are of 200: the second one stops at this comment.
        await blocking.execute(
            text("""
                SELECT FROM comments WHERE issue_id = (
                    SELECT id FROM issues WHERE deleted_at IS NOT NULL ORDER BY deleted_at OFFSET 300 LIMIT 1
                ) FOR UPDATE
            """)
        )

        async def in_the_middle() -> bool:
            return await trashed(sessions) == 300

        async with running(environment, "jobs", "run", "purge-trash") as job:
            await until(in_the_middle)
            assert job.returncode is None
            job.kill()
            await job.wait()
        await blocking.rollback()

    async with sessions() as session:
        comments, told = (
            await session.execute(
                text("""
                    SELECT (SELECT count(*) FROM comments),
                           (SELECT count(*) FROM events JOIN issues ON issues.id = issue_id WHERE changes ? 'title')
                """)
            )
        ).one()
        assert (comments, told) == (300, 300)
    async with running(environment, "jobs", "run", "purge-trash") as job:
        assert await job.wait() == 0
    assert await trashed(sessions) == 0


async def test_a_worker_without_redis_says_what_is_missing(environment: dict[str, str]) -> None:
    environment.pop("REDIS_URL", None)
    async with running(environment, "worker") as worker:
        _, errors = await worker.communicate()
        assert worker.returncode == 1
        assert b"Set REDIS_URL" in errors


@pytest.mark.parametrize("name", ["", "no-such-job"])
async def test_a_job_that_does_not_exist_is_a_usage_error(environment: dict[str, str], name: str) -> None:
    async with running(environment, "jobs", "run", name) as job:
        _, errors = await job.communicate()
        assert job.returncode == 2
        assert b"purge-trash" in errors
