"""What the nightly jobs remove, and what they leave."""

import asyncio
from datetime import datetime, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text

from tests.people import PASSWORD, Person, accepted, refused
from tests.worker.conftest import At
from tracker.accounts import jobs as account_jobs
from tracker.accounts.jobs import forget_sessions
from tracker.core import retention
from tracker.core.clock import utc_now
from tracker.core.database import Sessions
from tracker.core.retention import forget_idempotency_keys
from tracker.issues import jobs as issue_jobs
from tracker.issues.jobs import purge_trash
from tracker.models import Comment, IdempotencyKey, Issue, RefreshToken, Session

DAY = timedelta(days=1)


async def count(sessions: Sessions, table: type[Issue | Comment | Session | RefreshToken | IdempotencyKey]) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_an_issue_stays_in_the_trash_for_thirty_days(
    admin: Person, at: At, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_jobs, "ISSUES_PER_BATCH", 2)
    kept = await admin.open_issue("Kept")
    for number in range(5):
        issue = await admin.open_issue(f"Deleted {number}")
        await admin.comment(issue["id"])
        assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
    now = utc_now()

    assert await purge_trash(at(now + 30 * DAY - timedelta(minutes=5))) == 0
    assert await count(sessions, Issue) == 6
    assert await purge_trash(at(now + 30 * DAY)) == 5
    assert await purge_trash(at(now + 30 * DAY)) == 0
    assert (await count(sessions, Issue), await count(sessions, Comment)) == (1, 0)
    assert accepted(await admin.get(f"/issues/{kept['id']}"))["title"] == "Kept"


async def test_a_restored_issue_is_not_purged(admin: Person, at: At, night: datetime) -> None:
    issue = await admin.open_issue()
    await admin.delete(f"/issues/{issue['id']}")
    await admin.post(f"/issues/{issue['id']}/restore")
    assert await purge_trash(at(night)) == 0
    accepted(await admin.get(f"/issues/{issue['id']}"))


async def test_sessions_go_a_month_after_they_ended_and_take_their_refresh_tokens_along(
    client: AsyncClient, reporter: Person, at: At, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_jobs, "SESSIONS_PER_BATCH", 2)
    for _ in range(3):
        accepted(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}))
    assert (await reporter.post("/users/logout")).status_code == 204
    now = utc_now()
    async with sessions() as session:
        await session.execute(
            text("UPDATE sessions SET expires_at = now() + interval '30 days' WHERE revoked_at IS NULL")
        )
        await session.commit()

    # One was revoked now; three expire in thirty days.
    assert await forget_sessions(at(now + 29 * DAY)) == 0
    assert await forget_sessions(at(now + 31 * DAY)) == 1
    assert await count(sessions, RefreshToken) == 3
    assert await forget_sessions(at(now + 59 * DAY)) == 0
    assert await forget_sessions(at(now + 61 * DAY)) == 3
    assert (await count(sessions, Session), await count(sessions, RefreshToken)) == (0, 0)


async def test_a_living_session_keeps_its_used_refresh_tokens_so_that_a_second_use_ends_it(
    client: AsyncClient, reporter: Person, at: At, sessions: Sessions, night: datetime
) -> None:
    accepted(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}))
    stolen = client.cookies["refresh_token"]
    accepted(await client.post("/users/token/refresh"))
    async with sessions() as session:
        # In use for years.
        await session.execute(
            text("UPDATE sessions SET created_at = now() - interval '5 years', expires_at = :later"), {"later": night}
        )
        await session.execute(text("UPDATE refresh_tokens SET created_at = now() - interval '5 years'"))
        await session.commit()
    assert await forget_sessions(at(night)) == 0

    client.cookies.clear()
    client.cookies.set("refresh_token", stolen)
    refused(await client.post("/users/token/refresh"), 401)
    async with sessions() as session:
        ended = select(func.count()).select_from(Session).where(Session.revoked_at.is_not(None))
        assert await session.scalar(ended) == 1


async def test_idempotency_keys_go_after_a_day(
    reporter: Person, at: At, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "KEYS_PER_BATCH", 2)
    for number in range(5):
        body = {"title": f"Issue {number}"}
        accepted(await reporter.post("/issues/", json=body, headers={"Idempotency-Key": f"key-{number}"}), 201)
    now = utc_now()
    assert await forget_idempotency_keys(at(now + DAY - timedelta(minutes=5))) == 0
    assert await forget_idempotency_keys(at(now + DAY)) == 5
    assert await count(sessions, IdempotencyKey) == 0


async def test_a_job_that_runs_twice_at_once_does_its_work_once(
    admin: Person, at: At, sessions: Sessions, night: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_jobs, "ISSUES_PER_BATCH", 3)
    for _ in range(10):
        issue = await admin.open_issue()
        await admin.delete(f"/issues/{issue['id']}")
    done = await asyncio.gather(*(purge_trash(at(night)) for _ in range(4)))
    assert sum(done) == 10
    assert await count(sessions, Issue) == 0
