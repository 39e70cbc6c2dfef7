"""What the statistics need done now and then."""

from tracker.core.jobs import Job, JobContext, Schedule
from tracker.core.transaction import Transaction
from tracker.statistics.daily import DailyStats

HALF_HOURLY = Schedule("minutes 0 and 30", {"minute": {0, 30}})


async def refresh_daily_stats(context: JobContext) -> int:
    """Counts today, and the days before that events have changed since the last run."""
    now = context.clock()
    async with context.sessions() as session, Transaction(session):
        first = await DailyStats(session).refresh(now)
    return (now.date() - first).days + 1


REFRESH_DAILY_STATS = Job(
    "refresh-daily-stats", "Counts the issues of each status for today's statistics.", refresh_daily_stats, HALF_HOURLY
)
