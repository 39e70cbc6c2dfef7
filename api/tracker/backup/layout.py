"""What a backup looks like on the disk.

    manifest.json   what it is a backup of
    database.dump   the database, in PostgreSQL's custom format
    files/ab/ab…    the contents of the attachments, under their keys in the store
    SHA256SUMS      the digests of all of these

SHA256SUMS is written last and all at once: a folder without it is no whole backup. `sha256sum --check SHA256SUMS`
checks one where there is no tracker.
"""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from tracker.attachments.stores import FILE_KEY
from tracker.backup.errors import BackupError

FORMAT = 1
MANIFEST, DUMP, FILES, SUMS = "manifest.json", "database.dump", "files", "SHA256SUMS"

_LINE = re.compile(rf"([0-9a-f]{{64}})  ({re.escape(MANIFEST)}|{re.escape(DUMP)}|{FILE_KEY})")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of; all of it as of one moment."""

    format: int = FORMAT
    version: str
    """Of the tracker that made it."""
    revision: str
    """Of the database schema, as migrations name it."""
    created_at: datetime
    postgresql: str
    rows: dict[str, int]
    """How many there are in each table."""
    files: int
    bytes: int
    missing: list[str]
    """Keys of files that the store had lost, or had not as they were received."""


class _Format(msgspec.Struct):
    format: int


def read_manifest(directory: Path) -> Manifest:
    """What the backup says of itself.

    Raises:
        BackupError: it is not whole, is none, or was made by a later version that writes another format.
    """
    if not (directory / SUMS).is_file():
        raise BackupError(
            f"{directory} is not a whole backup: there is no {SUMS}, which is written last. Use another one."
        )
    try:
        content = (directory / MANIFEST).read_bytes()
        written = msgspec.json.decode(content, type=_Format).format
        if written > FORMAT:
            raise BackupError(f"{directory} was made by a later version (format {written}). Install that version.")
        return msgspec.json.decode(content, type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"{directory / MANIFEST} can't be read: {error}. Use another backup.") from error


def read_sums(directory: Path) -> tuple[dict[str, str], list[int]]:
    """The digests by path, and the numbers of lines that make no sense."""
    sums: dict[str, str] = {}
    broken: list[int] = []
    for number, line in enumerate((directory / SUMS).read_bytes().split(b"\n")[:-1], 1):
        found = _LINE.fullmatch(line.decode("ascii", "replace"))
        if found is None or found[2] in sums:
            broken.append(number)
        else:
            sums[found[2]] = found[1]
    return sums, broken


def write_sums(directory: Path, sums: Mapping[str, str]) -> None:
    """Makes a backup whole."""
    write_whole(directory / SUMS, (f"{sums[path]}  {path}\n".encode() for path in sorted(sums)))


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Writes a file that is there entirely or not at all, and stays when the machine fails.

    Raises:
        BackupError: there is no room for it, say.
    """
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync(path.parent)
    except OSError as error:
        raise BackupError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Has the disk keep a file or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
