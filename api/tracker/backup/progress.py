"""What a command that takes a while shows of it, beside its result."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click


def say(message: str) -> None:
    click.echo(message, err=True)


@contextmanager
def progress(doing: str, total: int) -> Generator[Callable[[int], None]]:
    """Yields what is to be told how many more are done."""
    is_watched = sys.stderr.isatty()
    if not is_watched:
        say(f"{doing}: {total}")
    with click.progressbar(length=total, label=doing, file=sys.stderr, hidden=not is_watched) as bar:
        yield bar.update
