"""`tracker import …`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import msgspec
from sqlalchemy import select

from tracker.core.clock import utc_now
from tracker.core.database import database_config, session_maker
from tracker.core.doorbell import Doorbell
from tracker.core.errors import Refusal
from tracker.core.transaction import Transaction
from tracker.imports import csv_issues
from tracker.imports import github as github_issues
from tracker.imports import jira as jira_issues
from tracker.imports.batches import Batches, only_import
from tracker.imports.csv_mapping import Field, Mapping, suggested
from tracker.imports.reading import BrokenFile
from tracker.imports.running import Advance, Run
from tracker.imports.source import Entry
from tracker.imports.tally import Outcome, Say, Tally
from tracker.imports.undoing import Undo, require_undoable
from tracker.models import ImportBatch, ImportSource
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
    _import(ImportSource.JIRA, file, jira_issues.read_entries(file), dry_run=dry_run)


@imports.command()
@FILE
@click.argument("comments", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@DRY_RUN
def github(file: Path, comments: Path | None, *, dry_run: bool) -> None:
    """Import issues from FILE: what GitHub's REST API answers, as one array, several (or an array of them), or a line each.

    COMMENTS is what `repos/OWNER/REPO/issues/comments` answers, in the same forms. `gh api --paginate
    "repos/OWNER/REPO/issues?state=all&per_page=100"` writes the one, and the same of the other address the other.

    Labels and milestones become tags; pull requests are left out and counted. Run again it does as `jira` does. Items
    of an array are counted instead of lines.
    """
    _import(ImportSource.GITHUB, file, github_issues.read_entries(file, comments), dry_run=dry_run)


@imports.command("csv")
@FILE
@click.option("--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column holds what.")
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with all of it.")
@DRY_RUN
def csv_table(file: Path, columns: tuple[str, ...], mapping: Path | None, *, dry_run: bool) -> None:
    """Import issues from FILE, a table in CSV whose first row names the columns.

    Encoding (UTF-8, UTF-16, Windows-1252) and separator (comma, semicolon, tab) are found out. Columns are known by
    their usual names; others are named as --column title=Betreff. Fields are id, title, description, status, severity,
    tags, reporter, assignee, created, updated and closed. People are found by e-mail address or name.

    --mapping is a JSON file: {"columns": {"title": "Betreff"}, "statuses": {"Erledigt": "done"}, "severities": {},
    "people": {"Ann": "ann@example.com"}, "origin": "", "day_first": true}.

    Run again it does as `jira` does, if the table has an id; rows without one are known by what is written in them.
    """
    try:
        table = csv_issues.table_of(file)
    except BrokenFile as error:
        raise click.ClickException(f"{file} can't be read: {error}") from None
    try:
        given = msgspec.json.decode(mapping.read_bytes(), type=Mapping) if mapping else suggested(table.header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{mapping} is no mapping: {error}") from None
    chosen = msgspec.structs.replace(given, columns=given.columns | dict(map(_named_column, columns)))
    for field, column in chosen.columns.items():
        if column not in table.header:
            raise click.ClickException(f"{field}: there is no column {column!r}; there are {', '.join(table.header)}")
    if Field.TITLE not in chosen.columns:
        raise click.ClickException(f"Which column is the title? There are {', '.join(table.header)}")
    click.echo(", ".join(f"{field} = {column!r}" for field, column in chosen.columns.items()), err=True)
    entries = csv_issues.read_entries(table, chosen, utc_now())
    _import(ImportSource.CSV, file, entries, mapping=msgspec.to_builtins(chosen), dry_run=dry_run)


def _named_column(named: str) -> tuple[Field, str]:
    field, equals, column = named.partition("=")
    if not equals or field not in set(Field):
        raise click.BadParameter(f"{named!r} is not FIELD=COLUMN, with a FIELD of {', '.join(Field)}.")
    return Field(field), column


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


def _import(
    source: ImportSource,
    file: Path,
    entries: Iterator[Entry],
    *,
    mapping: dict[str, object] | None = None,
    dry_run: bool,
) -> None:
    with click.progressbar(
        length=file.stat().st_size, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def say(message: str) -> None:
            if sys.stderr.isatty():
                message = f"\r\033[K{message}"
            click.echo(message, err=True)

        batch, tally = asyncio.run(
            import_file(
                Settings.from_environment(), source, file, entries, say, bar.update, mapping=mapping, dry_run=dry_run
            )
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
            await batches.end(batch.id)
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
