"""`tracker demo`."""

import asyncio
from datetime import UTC, datetime, timedelta

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted
from tracker.core.clock import utc_now
from tracker.demo.commands import fill
from tracker.demo.story import SPAN, Open, story
from tracker.settings import Settings

ACCOUNTS = ("admin", "maintainer", "reporter")

# What an issue's own row says, and what its events say.
BROKEN_TIMES = text("""
    SELECT issues.id FROM issues LEFT JOIN LATERAL (
        SELECT min(created_at) AS first, max(created_at) AS last,
               count(*) FILTER (WHERE type = 'issue.updated') AS changes,
               bool_and(in_order) AS in_order
        FROM (
            SELECT *, created_at >= lag(created_at, 1, created_at) OVER (ORDER BY id) AS in_order
            FROM events WHERE issue_id = issues.id
        ) AS events
    ) AS log ON true
    WHERE (log.first, log.last, log.changes + 1, log.in_order)
          IS DISTINCT FROM (issues.created_at, issues.updated_at, issues.version::bigint, true)
""")


async def test_two_at_once_fill_an_empty_database_only_once_with_believable_issues(
    client: AsyncClient, settings: Settings, sessions: async_sessionmaker[AsyncSession]
) -> None:
    assert sorted(await asyncio.gather(fill(settings), fill(settings))) == [False, True]
    for name in ACCOUNTS:
        credentials = {"email": f"{name}@example.com", "password": f"{name}123"}
        token = accepted(await client.post("/users/token", json=credentials))["access_token"]
        answer = await client.get("/users/me", headers={"Authorization": f"Bearer {token}"})
        assert accepted(answer)["role"] == name

    async with sessions() as session:
        assert (await session.execute(BROKEN_TIMES)).all() == []
        issues, trashed, duplicates, oldest, newest = (
            await session.execute(
                text(
                    "SELECT count(*), count(deleted_at), count(duplicate_of_id), min(created_at), max(created_at) FROM issues"
                )
            )
        ).one()
        assert 300 <= issues <= 400
        assert trashed >= 3
        assert duplicates >= 5
        assert SPAN - timedelta(days=7) < utc_now() - oldest < SPAN + timedelta(days=1)
        assert utc_now() - newest < timedelta(days=2)
        by_status = dict(
            (await session.execute(text("SELECT status, count(*) FROM issues GROUP BY status"))).tuples().all()
        )
        assert set(by_status) == {"open", "triaged", "in_progress", "done", "cancelled"}
        assert by_status["done"] == max(by_status.values())
        reopened = await session.scalar(
            text(
                "SELECT count(*) FROM events WHERE changes->'status'->>0 = 'done' AND changes->'status'->>1 = 'in_progress'"
            )
        )
        assert reopened
        assert await session.scalar(text("SELECT max(created_at) <= now() FROM events"))


async def test_a_database_that_somebody_uses_stays_as_it_is(
    reporter: Person, settings: Settings, sessions: async_sessionmaker[AsyncSession]
) -> None:
    assert not await fill(settings)
    async with sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM users")) == 1
        assert await session.scalar(text("SELECT count(*) FROM issues")) == 0


def test_the_story_is_the_same_at_any_time_but_for_its_times() -> None:
    first, second = (story(datetime(2026, month, 15, 12, tzinfo=UTC)) for month in (3, 9))

    def filed(acts: list[object]) -> list[tuple[str, str, str]]:
        return [(act.title, act.description, act.player.email) for act in acts if isinstance(act, Open)]

    assert filed([*first]) == filed([*second])
    titles = [title for title, _, _ in filed([*first])]
    assert len(set(titles)) == len(titles)


async def test_the_demo_has_a_past_on_the_dashboard_before_any_job_has_run(
    client: AsyncClient, settings: Settings
) -> None:
    await fill(settings)
    credentials = {"email": "maintainer@example.com", "password": "maintainer123"}
    token = accepted(await client.post("/users/token", json=credentials))["access_token"]
    answer = await client.get("/issues/dashboard/stats", headers={"Authorization": f"Bearer {token}"})
    history = accepted(answer)["status_history"]
    assert len(history) == 30
    assert all(sum(count for name, count in day.items() if name != "day") > 100 for day in history)
