"""`tracker import …`."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tracker.core.database import database_config, session_maker
from tracker.imports.importer import Importer
from tracker.imports.jira import read_issue
from tracker.imports.reading import BrokenFile, read_lines
from tracker.imports.source import BrokenLine
from tracker.imports.tally import Outcome, Say, Tally
from tracker.settings import Settings

Advance = Callable[[int], None]

_LOCK = {"lock": 0x696D706F7274}  # any number that no other advisory lock uses


@click.group("import")
def imports() -> None:
    """Bring in issues from other trackers."""


@imports.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
def jira(file: Path, *, dry_run: bool) -> None:
    """Import issues from FILE: one a line, as Jira's REST API shows them, compressed by gzip or not.

    Brings in key, summary, description, status, resolution, priority, labels, reporter, assignee, comments and
    duplicate links with their original times; wiki markup becomes Markdown. People without an account get an inactive
    one. Components, versions, attachments, environment and other links are not imported.

    Run it again after Jira has changed: what was not touched here follows, what was touched on both sides stays as
    it is here and is reported, and nothing is removed. It may be stopped at any point and run again.

    Lines that can't be imported are reported with their number; there were any if the exit status is 1.
    """
    with click.progressbar(
        length=file.stat().st_size, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def say(message: str) -> None:
            if sys.stderr.isatty():
                message = f"\r\033[K{message}"
            click.echo(message, err=True)

        tally = asyncio.run(import_jira(Settings.from_environment(), file, say, bar.update, dry_run=dry_run))
    if dry_run:
        click.echo("Dry run: nothing was written.")
    for line in tally.summary():
        click.echo(line)
    if tally.issues[Outcome.BROKEN]:
        sys.exit(1)


async def import_jira(settings: Settings, file: Path, say: Say, advance: Advance, *, dry_run: bool = False) -> Tally:
    """Imports a file; tells `say` what is not imported as it is, and `advance` how many more of its bytes are done."""
    database = database_config(settings, patient=True)
    tally = Tally(say)
    importer = Importer(session_maker(database), tally, dry_run=dry_run)
    try:
        async with database.get_engine().connect() as connection:
            if not dry_run:
                await _wait_for_other_imports(connection, say)
            await _import_lines(importer, tally, file, advance)
            await importer.finish()
    finally:
        await database.get_engine().dispose()
    return tally


async def _wait_for_other_imports(connection: AsyncConnection, say: Say) -> None:
    """Holds, as long as the connection lives, what only one import can hold."""
    connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
    if not await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), _LOCK):
        say("Another import is running. Waiting for its end.")
        await connection.execute(text("SELECT pg_advisory_lock(:lock)"), _LOCK)


async def _import_lines(importer: Importer, tally: Tally, file: Path, advance: Advance) -> None:
    done = number = 0
    try:
        for number, line, position in read_lines(file):
            note = partial(tally.note, number)
            try:
                outcome = await importer.bring(read_issue(line, note), number)
            except BrokenLine as broken:
                note(f"not imported: {broken}")
                outcome = Outcome.BROKEN
            tally.issues[outcome] += 1
            advance(position - done)
            done = position
    except BrokenFile as broken:
        tally.note(number, f"the file can't be read any further: {broken}")
        tally.issues[Outcome.BROKEN] += 1
