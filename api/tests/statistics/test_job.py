"""The job that keeps daily_stats, on a clock that is moved."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person
from tracker.core.jobs import JobContext
from tracker.operations.jobs import JOBS, perform
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats


async def test_each_run_counts_today_and_a_new_day_begins_a_new_row(
    settings: Settings, sessions: async_sessionmaker[AsyncSession], admin: Person
) -> None:
    job = JOBS["refresh-daily-stats"]
    today = datetime.now(UTC)

    async def run(at: datetime) -> int:
        return await perform(job, JobContext(settings, sessions, clock=lambda: at))

    issue = await admin.open_issue()
    assert await run(today) == 1
    await admin.change(issue["id"], status="triaged")
    assert await run(today + timedelta(minutes=1)) == 1
    assert await run(today + timedelta(days=2)) == 3
    async with sessions() as session:
        rows = await DailyStats(session).read(today.date(), (today + timedelta(days=2)).date())
    assert [(row.open, row.triaged) for row in rows] == [(0, 1)] * 3


def test_it_is_due_twice_an_hour() -> None:
    assert JOBS["refresh-daily-stats"].schedule.fields == {"minute": {0, 30}}
