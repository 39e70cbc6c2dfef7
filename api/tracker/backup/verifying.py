"""Looks whether a backup is what it was when it was made; needs neither database nor settings."""

from functools import partial
from pathlib import Path

from tracker.backup.copying import for_each, is_intact
from tracker.backup.layout import DUMP, MANIFEST, SUMS, Manifest, read_manifest, read_sums


async def verify_backup(directory: Path) -> tuple[Manifest, list[str]]:
    """What the backup says of itself, and everything that is wrong with it.

    Raises:
        BackupError: it is no whole backup, or not one that this version can read.
    """
    manifest = read_manifest(directory)
    sums, broken = read_sums(directory)
    there = _everything_in(directory) - {SUMS}
    readable = {path: sums[path] for path in sums.keys() & there}
    damaged = await for_each(readable, partial(is_intact, directory), "Reading all of it")
    unnamed = {MANIFEST, DUMP} - sums.keys()
    return manifest, [
        *(f"{SUMS}: line {number} is damaged" for number in broken),
        *(f"{SUMS}: {path} is not in it" for path in sorted(unnamed)),
        *(f"{path} is missing" for path in sorted(sums.keys() - there)),
        *(f"{path} is damaged" for path in damaged),
        *(f"{path} does not belong there" for path in sorted(there - sums.keys() - unnamed)),
    ]


def _everything_in(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
