"""`tracker stats …`."""

import asyncio
from datetime import datetime

import click

from tracker.core.clock import utc_now
from tracker.core.database import database_config, session_maker
from tracker.core.transaction import Transaction
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def stats() -> None:
    """Daily statistics."""


@stats.command()
@click.option("--from", "first", type=DAY, required=True, help="First UTC day.")
@click.option("--to", "last", type=DAY, help="Last UTC day; today, if left out.")
def rebuild(first: datetime, last: datetime | None) -> None:
    """Count a range of days anew from the event log."""
    asyncio.run(_rebuild(first, last or utc_now()))


async def _rebuild(first: datetime, last: datetime) -> None:
    database = database_config(Settings.from_environment(), patient=True)
    try:
        async with session_maker(database)() as session, Transaction(session):
            changed = await DailyStats(session).rebuild(first.date(), last.date())
    finally:
        await database.get_engine().dispose()
    click.echo(f"Counted {first.date()} to {last.date()} anew; {changed} rows were wrong or missing.")
