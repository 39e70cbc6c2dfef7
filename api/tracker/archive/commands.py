"""`tracker archive …`."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from tracker.archive.container import opened
from tracker.archive.errors import ArchiveError
from tracker.archive.exporting import export_archive
from tracker.archive.importing import import_archive
from tracker.archive.schema import Manifest, json_schema
from tracker.backup.progress import say
from tracker.core.database import refusal_for
from tracker.settings import Settings

INCOMPLETE = 3
"""Exit status of an archive that holds all there was to hold, which is not all there should have been."""

T = TypeVar("T")


@click.group()
def archive() -> None:
    """Move everything to another installation, or out of the tracker."""


@archive.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-passwords", is_flag=True, help="Also the hashes of passwords: guard it as you guard a backup.")
def export_(file: Path, *, with_passwords: bool) -> None:
    """Write everything that people have put in, as of one moment, into a new FILE.

    Everybody may work on meanwhile. The content hash that is printed is the same for archives that hold the same. The
    exit status is 3 if files were missing from the store or damaged there; the rest is in the archive.
    """
    manifest = _done(export_archive(Settings.from_environment(), file, with_passwords=with_passwords))
    _tell(file, manifest)
    if manifest.missing:
        say("Missing from the store, or not as they were received, and so not in the archive:")
        for sha256 in manifest.missing:
            say(f"  files/{sha256}")
        sys.exit(INCOMPLETE)


@archive.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Put the archive in FILE into an empty installation.

    All keeps its number. Stop API and worker first. It may be run again when it was interrupted.
    """
    manifest = _done(import_archive(Settings.from_environment(), file))
    _tell(file, manifest)
    if not manifest.has_passwords:
        click.echo("Nobody has a password: make yourself an admin with `tracker users create`, and give out new ones.")


@archive.command("hash")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def hash_(file: Path) -> None:
    """Look whether the archive in FILE is what it was when it was made, and print its content hash."""
    with opened(file) as reader:
        _tell(file, reader.manifest)


@archive.command()
def schema() -> None:
    """Print the JSON Schema of what stands in an archive."""
    click.echo(msgspec.json.format(msgspec.json.encode(json_schema()), indent=1))


def _tell(file: Path, manifest: Manifest) -> None:
    lines = {name.removesuffix(".ndjson"): member.lines for name, member in manifest.members.items()}
    click.echo(
        f"{file} is whole: {lines['issues']} issues, {lines['comments']} comments, {lines['people']} people and "
        f"{manifest.files} files of {manifest.created_at:%Y-%m-%d %H:%M} UTC."
    )
    click.echo(f"content {manifest.content}")


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except click.ClickException:
        raise
    except Exception as error:
        if refusal_for(error) is None:
            raise
        raise ArchiveError(f"The database does not do its part: {error}") from error
