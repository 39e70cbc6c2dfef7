"""`tracker search …`."""

import asyncio
import sys

import click
from sqlalchemy import func, select, text

from tracker.core.database import database_config, session_maker
from tracker.core.transaction import Transaction
from tracker.models import Issue
from tracker.settings import Settings

STEP = 500

# Words stand twice when two people wrote them for the first time at once, and for ever once they have been written.
_FORGET_WORDS = text("TRUNCATE search_words")
_INDEX = text("SELECT index_issues(:first, :last)")


@click.group()
def search() -> None:
    """Look after what full text finds."""


@search.command()
def rebuild() -> None:
    """Read all issues anew, in small steps, while others work on them.

    Never needed: every write keeps the index. Do it after rows were changed by other means than the tracker, or to
    forget misspelt words that stand nowhere any more.
    """
    asyncio.run(rebuild_index(Settings.from_environment()))


async def rebuild_index(settings: Settings) -> None:
    database = database_config(settings, patient=True)
    sessions = session_maker(database)
    try:
        async with sessions() as session, Transaction(session):
            await session.execute(_FORGET_WORDS)
            last = await session.scalar(select(func.max(Issue.id))) or 0
        with click.progressbar(
            range(1, last + 1, STEP), label="Indexing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as steps:
            for first in steps:
                async with sessions() as session, Transaction(session):
                    await session.execute(_INDEX, {"first": first, "last": first + STEP - 1})
    finally:
        await database.get_engine().dispose()
