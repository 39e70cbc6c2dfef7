"""A worker whose clock jumps, as after a machine was asleep or set wrongly."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.people import Person
from tests.worker.conftest import At
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.operations.jobs import JOBS, perform
from tracker.statistics.daily import DailyStats

REFRESH = JOBS["refresh-daily-stats"]
DAY = timedelta(days=1)


async def test_daily_counts_are_right_again_once_the_clock_is(
    reporter: Person, maintainer: Person, sessions: Sessions, at: At
) -> None:
    now = datetime.now(UTC)
    issue = await reporter.open_issue()
    for jump in (timedelta(0), 3 * DAY, -2 * DAY, timedelta(0)):
        await perform(REFRESH, at(now + jump))
        await maintainer.change(issue["id"], status="triaged" if jump else "in_progress")
    await perform(REFRESH, at(now))
    async with sessions() as session, Transaction(session):
        # Counted once more from the log alone, nothing is different.
        assert await DailyStats(session).rebuild((now - 2 * DAY).date(), now.date()) == 0


async def test_a_job_that_seems_to_end_before_it_began_is_still_noted(sessions: Sessions, at: At) -> None:
    now = datetime.now(UTC)
    await perform(REFRESH, at(now + DAY))
    await perform(REFRESH, at(now))
    async with sessions() as session:
        runs = await session.scalar(text("SELECT runs FROM job_runs WHERE name = 'refresh-daily-stats'"))
    assert runs == 2


async def test_a_clock_that_is_behind_removes_nothing(reporter: Person, admin: Person, at: At) -> None:
    issue = await reporter.open_issue()
    await admin.delete(f"/issues/{issue['id']}")
    for job in JOBS.values():
        await perform(job, at(datetime(2001, 1, 1, tzinfo=UTC)))
    assert (await admin.post(f"/issues/{issue['id']}/restore")).status_code == 200
    assert (await reporter.get("/users/me")).status_code == 200
