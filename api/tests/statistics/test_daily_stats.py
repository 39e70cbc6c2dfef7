"""Daily counts: however history went, the job's rows are the event log's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from tests.people import Person, accepted, refused
from tests.statistics.history import History
from tracker.accounts.viewer import Viewer
from tracker.cli import tracker
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues.schemas import IssueChange, NewIssue
from tracker.issues.services import IssueService
from tracker.models import Status
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def kept(sessions: Sessions) -> list[tuple[Any, ...]]:
    async with sessions() as session:
        rows = await session.execute(text("SELECT day, status::text, count FROM daily_stats ORDER BY 1, 2"))
        return [tuple(row) for row in rows]


async def refresh(sessions: Sessions, now: datetime) -> None:
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(now)


@pytest.mark.parametrize("seed", range(5))
async def test_rows_kept_by_the_job_equal_rows_rebuilt_from_the_log(
    sessions: Sessions, admin: Person, seed: int
) -> None:
    viewer = Viewer(id=admin.id, role=admin.role)
    history = History(sessions, seed, admin=viewer, reporters=[])
    now = START
    for _ in range(6):
        now = await history.happen(now, steps=7)
        await refresh(sessions, now)
    incremental = await kept(sessions)
    assert len(incremental) % len(Status) == 0
    async with sessions() as session, Transaction(session):
        changed = await DailyStats(session).rebuild(START.date() - timedelta(days=9), now.date())
    rebuilt = [row for row in await kept(sessions) if row[0] >= incremental[0][0]]
    assert rebuilt == incremental
    empty = [row for row in await kept(sessions) if row not in rebuilt]
    assert changed == len(empty)
    assert all(count == 0 for _, _, count in empty)


async def test_a_day_ends_with_what_was_so_at_midnight(sessions: Sessions, admin: Person) -> None:
    viewer = Viewer(id=admin.id, role=admin.role)

    async def at(moment: datetime, change: str | None, issue_id: int = 0) -> int:
        async with sessions() as session, Transaction(session):
            issues = IssueService(session, viewer, clock=lambda: moment)
            if change is None:
                return (await issues.open(NewIssue(title="Late"))).id
            return (await issues.change(issue_id, IssueChange(status=Status(change)))).id

    late = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    issue_id = await at(late, None)
    await refresh(sessions, late)
    await at(late + timedelta(minutes=2), "done", issue_id)
    await refresh(sessions, late + timedelta(minutes=30))
    counts = {(str(day), status): count for day, status, count in await kept(sessions)}
    assert (counts["2026-03-01", "open"], counts["2026-03-01", "done"]) == (1, 0)
    assert (counts["2026-03-02", "open"], counts["2026-03-02", "done"]) == (0, 1)


async def test_staff_reads_the_rows_of_a_range_and_reporters_do_not(
    sessions: Sessions, admin: Person, reporter: Person
) -> None:
    await admin.open_issue()
    await refresh(sessions, datetime.now(UTC))
    today = datetime.now(UTC).date().isoformat()
    rows = accepted(await admin.get("/stats/daily", params={"from": today, "to": today}))
    assert rows == [{"day": today, "open": 1, "triaged": 0, "in_progress": 0, "done": 0, "cancelled": 0}]
    refused(await reporter.get("/stats/daily", params={"from": today, "to": today}), 403)
    refused(await admin.get("/stats/daily", params={"from": today, "to": "2000-01-01"}), 400)
    refused(await admin.get("/stats/daily"), 400)


async def test_an_operator_counts_a_range_anew(sessions: Sessions, settings: Settings, admin: Person) -> None:
    await admin.open_issue()
    today = datetime.now(UTC).date().isoformat()
    environment = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key}

    def rebuild(first: str) -> Result:
        return CliRunner().invoke(tracker, ["stats", "rebuild", "--from", first], env=environment)

    # In a thread of its own, because the command runs an event loop of its own.
    result = await asyncio.to_thread(rebuild, today)
    assert (result.exit_code, result.output) == (
        0,
        f"Counted {today} to {today} anew; 5 rows were wrong or missing.\n",
    )
    assert {status: count for _, status, count in await kept(sessions)}["open"] == 1
    assert (await asyncio.to_thread(rebuild, "yesterday")).exit_code == 2
