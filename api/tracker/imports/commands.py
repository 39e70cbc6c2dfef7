"""`tracker import …`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
from sqlalchemy import select

from tracker.core.database import database_config, session_maker
from tracker.core.doorbell import Doorbell
from tracker.core.errors import Refusal
from tracker.core.transaction import Transaction
from tracker.imports.batches import Batches, only_import
from tracker.imports.jira import read_entries
from tracker.imports.running import Advance, Run
from tracker.imports.source import Entry
from tracker.imports.tally import Outcome, Say, Tally
from tracker.imports.undoing import Undo, require_undoable
from tracker.models import ImportBatch, ImportSource, ImportState
from tracker.settings import Settings

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")


@click.group("import")
def imports() -> None:
    """Bring in issues from other trackers.

    Each import is one batch, which `tracker import undo` takes back as one.
    """


@imports.command()
@FILE
@DRY_RUN
def jira(file: Path, *, dry_run: bool) -> None:
    """Import issues from FILE: one a line, as Jira's REST API shows them, compressed by gzip or not.

    Brings in key, summary, description, status, resolution, priority, labels, reporter, assignee, comments and
    duplicate links with their original times; wiki markup becomes Markdown. People without an account get an inactive
    one. Components, versions, attachments, environment and other links are not imported.

    Run it again after Jira has changed: what was not touched here follows, what was touched on both sides stays as
    it is here and is reported, and nothing is removed. It may be stopped at any point and run again.

    Lines that can't be imported are reported with their number; there were any if the exit status is 1.
    """
    _import(ImportSource.JIRA, file, read_entries(file), dry_run=dry_run)


@imports.command()
@click.argument("batch", type=click.IntRange(min=1))
@click.option("--force", is_flag=True, help="Even if people have worked with its issues since.")
def undo(batch: int, *, force: bool) -> None:
    """Take import number BATCH back as if it had never been; `tracker import list` knows the numbers.

    What it brought in goes: issues with their comments, history and people, unless somebody else uses them. What it
    changed is again as it was. If people have worked with any of it since, nothing is done, and they are named; with
    --force, issues that it brought in go all the same, and others that were changed since stay as they are.
    """
    try:
        asyncio.run(undo_import(Settings.from_environment(), batch, partial(click.echo, err=True), force=force))
    except Refusal as refusal:
        named = " ".join(error.field for error in refusal.errors or ())
        raise click.ClickException(f"{refusal}{named and f' {named}'}") from None
    click.echo(f"Import {batch} is undone.")


@imports.command("list")
def list_imports() -> None:
    """The imports so far, the latest first."""
    for batch in asyncio.run(_latest(Settings.from_environment())):
        counted = sum(batch.counts.get(name, 0) for name in ("new", "changed"))
        click.echo(f"{batch.id:>5} {batch.created_at:%Y-%m-%d %H:%M} {batch.state:<9} {counted:>7,} {batch.file_name}")


async def _latest(settings: Settings) -> Sequence[ImportBatch]:
    database = database_config(settings)
    try:
        async with session_maker(database)() as session:
            return (await session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(50))).all()
    finally:
        await database.get_engine().dispose()


def _import(source: ImportSource, file: Path, entries: Iterator[Entry], *, dry_run: bool) -> None:
    with click.progressbar(
        length=file.stat().st_size, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def say(message: str) -> None:
            if sys.stderr.isatty():
                message = f"\r\033[K{message}"
            click.echo(message, err=True)

        batch, tally = asyncio.run(
            import_file(Settings.from_environment(), source, file, entries, say, bar.update, dry_run=dry_run)
        )
    if batch is None:
        click.echo("Dry run: nothing was written.")
    for line in tally.summary():
        click.echo(line)
    if batch:
        click.echo(f"To take it back: tracker import undo {batch.id}")
    if tally.issues[Outcome.BROKEN]:
        sys.exit(1)


async def import_file(
    settings: Settings,
    source: ImportSource,
    file: Path,
    entries: Iterator[Entry],
    say: Say,
    advance: Advance = lambda _: None,
    *,
    mapping: dict[str, object] | None = None,
    dry_run: bool = False,
) -> tuple[ImportBatch | None, Tally]:
    """Imports a file as a batch; a dry run leaves none.

    Args:
        settings: the installation.
        source: of what kind the file is.
        file: where it is.
        entries: what is read from it.
        say: told what is not imported as it is.
        advance: told how many more of its bytes are done.
        mapping: how it is read, if that is a choice.
        dry_run: only find out what would be done.
    """
    database = database_config(settings, patient=True)
    sessions, tally = session_maker(database), Tally(say)
    try:
        if dry_run:
            await Run(sessions, tally).go(entries, advance)
            return None, tally
        async with only_import(database.get_engine(), say):
            batches = Batches(sessions)
            batch = await batches.begin(source, file, mapping)
            advance(batch.position)
            await Run(sessions, tally, batch).go(entries, advance)
            await batches.end(batch.id, ImportState.DONE)
        return batch, tally
    finally:
        await database.get_engine().dispose()


async def undo_import(settings: Settings, batch_id: int, say: Say, *, force: bool = False) -> None:
    """Takes a batch back.

    Raises:
        Refusal: there is none that could be, or people have worked with it since.
    """
    database = database_config(settings, patient=True)
    doorbell = Doorbell(settings.redis_url)
    try:
        async with (
            only_import(database.get_engine(), say),
            session_maker(database)() as session,
            Transaction(session, doorbell=doorbell),
        ):
            batch = await require_undoable(session, batch_id)
            await Undo(session, batch, actor_id=None).run(force=force)
    finally:
        await doorbell.aclose()
        await database.get_engine().dispose()
