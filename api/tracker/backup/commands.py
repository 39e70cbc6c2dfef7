"""`tracker backup …` and `tracker restore …`."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from tracker.backup.errors import BackupError
from tracker.backup.layout import Manifest
from tracker.backup.making import make_backup
from tracker.backup.progress import say
from tracker.backup.restoring import restore_backup
from tracker.backup.verifying import verify_backup
from tracker.core.database import refusal_for
from tracker.core.migrations import revisions
from tracker.settings import Settings

INCOMPLETE = 3
"""Exit status of a backup that holds all there was to hold, which is not all there should have been."""

T = TypeVar("T")


class _Group(click.Group):
    """Takes `tracker backup DIR` for `tracker backup make DIR`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Group)
def backup() -> None:
    """Keep everything in a folder: `tracker backup DIR`."""


@backup.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def make(directory: Path) -> None:
    """Copy database and files, as of one moment, into a new folder DIR.

    Everybody may work on meanwhile. Needs pg_dump of at least the server's version. SECRET_KEY is not in it: keep
    that elsewhere. The exit status is 3 if files were missing from the store or damaged there; the rest is kept.
    """
    manifest = _done(make_backup(Settings.from_environment(), directory))
    click.echo(f"{directory} is whole: {_summary(manifest)}.")
    if manifest.missing:
        say("Missing from the store, or not as they were received, and so not in the backup:")
        for key in manifest.missing:
            say(f"  {key}")
        sys.exit(INCOMPLETE)


@backup.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def verify(directory: Path) -> None:
    """Look whether the backup in DIR is what it was when it was made; needs nothing else."""
    manifest, troubles = _done(verify_backup(directory))
    for trouble in troubles:
        click.echo(trouble)
    if troubles:
        raise BackupError(f"{directory} is damaged. Use another backup.")
    click.echo(f"{directory} is whole: {_summary(manifest)}.")


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(directory: Path) -> None:
    """Put the backup in DIR into an empty database and the file store.

    Stop API and worker first. It may be run again when it was interrupted.
    """
    manifest = _done(restore_backup(Settings.from_environment(), directory))
    click.echo(f"Restored: {_summary(manifest)}.")
    if manifest.revision != revisions()[0]:
        click.echo("Now run `tracker migrate`: the backup is of an earlier version.")


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except BackupError:
        raise
    except Exception as error:
        if refusal_for(error) is None:
            raise
        raise BackupError(f"The database does not do its part: {error}") from error


def _summary(manifest: Manifest) -> str:
    return (
        f"{manifest.rows['issues']} issues, {manifest.rows['users']} people and {manifest.files} files "
        f"({manifest.bytes / 1024**2:.1f} MiB) of {manifest.created_at:%Y-%m-%d %H:%M} UTC"
    )
