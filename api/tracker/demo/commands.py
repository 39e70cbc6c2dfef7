"""`tracker demo`."""

import asyncio

import click

from tracker.core.clock import utc_now
from tracker.core.database import database_config
from tracker.core.transaction import Transaction
from tracker.demo.cast import CAST
from tracker.demo.stage import Stage
from tracker.settings import Settings
from tracker.statistics.daily import DailyStats


@click.command()
def demo() -> None:
    """Fill an empty database with demo accounts and issues.

    The passwords of the accounts are public. A database that has accounts or issues stays as it is.
    """
    if not asyncio.run(fill(Settings.from_environment())):
        click.echo("The database has accounts or issues already: no demo data added.")
        return
    click.echo("Added demo issues and these accounts:")
    for player in CAST:
        if player.password:
            click.echo(f"  {player.email} / {player.password}")


async def fill(settings: Settings) -> bool:
    """Adds all of the demo in one transaction; returns False, and adds nothing, if the database isn't empty."""
    database = database_config(settings, patient=True)
    try:
        async with database.get_session() as session, Transaction(session):
            stage = Stage(session, utc_now())
            if empty := await stage.is_empty():
                await stage.play()
                # The past has statistics from the first look on, not from the next half hour.
                await DailyStats(session).refresh(utc_now())
            return empty
    finally:
        await database.get_engine().dispose()
