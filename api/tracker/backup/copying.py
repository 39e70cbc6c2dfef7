"""Copies files between the store and a backup, several at once, each held against its digest on the way."""

import asyncio
import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from tracker.attachments.stores import CHUNK, STORE_TROUBLE, Store
from tracker.backup.errors import BackupError
from tracker.backup.layout import write_whole
from tracker.backup.progress import progress

AT_ONCE = 8
_BATCH = 500


class Damaged(Exception):
    """The content is not there, or not what its digest says."""


async def for_each(sums: Mapping[str, str], call: Callable[[str, str], bool], doing: str) -> list[str]:
    """Calls with each path and digest, in threads; returns the paths for which the answer was no.

    Args:
        sums: digests by path.
        call: does something to one file.
        doing: what to tell the people who wait.
    """
    refused: list[str] = []
    limiter = CapacityLimiter(AT_ONCE)
    waiting = iter(sums.items())
    with progress(doing, len(sums)) as advance:

        async def one(path: str, sha256: str) -> None:
            if not await run_sync(call, path, sha256, limiter=limiter):
                refused.append(path)
            advance(1)

        while batch := list(islice(waiting, _BATCH)):
            await asyncio.gather(*(one(path, sha256) for path, sha256 in batch))
    return sorted(refused)


def is_intact(directory: Path, path: str, sha256: str) -> bool:
    with (directory / path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def take(store: Store, directory: Path, key: str, sha256: str) -> bool:
    """Copies a file out of the store; False if the store does not have it as it was received."""
    try:
        write_whole(directory / key, _checked(_read(store, key), sha256))
    except Damaged:
        return False
    return True


def put(store: Store, directory: Path, key: str, sha256: str) -> bool:
    """Copies a file into the store, over whatever is there under its key; False if the backup's is damaged."""
    try:
        draft = store.new_draft()
        try:
            with (directory / key).open("rb") as file:
                for chunk in _checked(iter(lambda: file.read(CHUNK), b""), sha256):
                    draft.write(chunk)
            store.adopt(draft, key)
        finally:
            store.drop(draft)
    except Damaged:
        return False
    except STORE_TROUBLE as error:
        raise BackupError(f"The file store (UPLOAD_STORE) does not take {key}: {error}. Run this again.") from error
    return True


def _read(store: Store, key: str) -> Iterator[bytes]:
    """A file of the store; one that the disk can't read any more is as good as gone, and no reason to lose the others."""
    try:
        stored = store.open(key)
        try:
            yield from stored.read(0, stored.size)
        finally:
            stored.close()
    except STORE_TROUBLE as error:
        if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) == errno.EIO:
            raise Damaged from error
        raise BackupError(f"The file store (UPLOAD_STORE) can't be read: {error}.") from error


def _checked(chunks: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise Damaged
