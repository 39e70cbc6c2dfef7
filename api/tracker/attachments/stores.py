"""Where the contents of files lie: in a folder, or in a bucket that speaks S3. Either is shared by all replicas.

Everything here blocks and is called in threads; so is obstore, whose asyncio side can abort the interpreter when that
ends right after a call. What goes wrong raises one of `STORE_TROUBLE`.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import IO, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

CHUNK = 128 * 1024
# The smallest part of an S3 upload, and so what one takes of memory.
_PART = 5 * 1024 * 1024
_WINDOW = 1024 * 1024
_FILES, _INCOMING = "files", "incoming"
FILE_KEY = rf"{_FILES}/[0-9a-f]{{2}}/[0-9a-f]{{32}}"
_FILE_KEY = re.compile(FILE_KEY)

STORE_TROUBLE = (OSError, BaseError)


def new_key() -> str:
    """A name that says nothing; spread over folders so that none of them gets long."""
    name = token_hex(16)
    return f"{_FILES}/{name[:2]}/{name}"


class StoredFile(Protocol):
    """A file that was opened; a change of the store afterwards doesn't go unnoticed."""

    version: str
    """Differs for differing contents under one key."""
    size: int

    def read(self, start: int, stop: int) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Store(Protocol):
    def new_draft(self) -> IO[bytes]:
        """A temporary file beside or outside the store, that nobody finds there."""
        ...

    def adopt(self, draft: IO[bytes], key: str) -> None:
        """Takes a whole draft into the store, all at once; afterwards the draft is spent."""
        ...

    def drop(self, draft: IO[bytes]) -> None:
        """Frees what a draft takes up; nothing happens to one that was adopted."""
        ...

    def open(self, key: str) -> StoredFile:
        """Finds a file.

        Raises:
            FileNotFoundError: it isn't there.
        """
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Takes files out of the store; those that aren't there are no error."""
        ...

    def older_than(self, moment: datetime) -> Iterator[str]:
        """The keys of everything that was written before the moment, forgotten drafts too."""
        ...

    def free_bytes(self) -> int:
        """How much room drafts have."""
        ...

    def reach(self) -> None:
        """Does nothing, but raises one of `STORE_TROUBLE` if the store can't be read and written."""
        ...


def store_at(address: str) -> Store:
    """The store that `UPLOAD_STORE` names. Nothing is created or connected to yet."""
    return Bucket(address) if address.startswith("s3://") else Folder(Path(address))


class Folder:
    """A folder, perhaps on a network share. Drafts lie beside the files, so that adopting one is a renaming."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def new_draft(self) -> IO[bytes]:
        incoming = self._root / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=incoming, delete=False)

    def adopt(self, draft: IO[bytes], key: str) -> None:
        draft.flush()
        os.fsync(draft.fileno())
        target = self._root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(draft.name).replace(target)
        _sync_directory(target.parent)

    def drop(self, draft: IO[bytes]) -> None:
        with suppress(OSError):  # of flushing what the disk has no room for
            draft.close()
        Path(draft.name).unlink(missing_ok=True)

    def open(self, key: str) -> "FolderFile":
        return FolderFile((self._root / key).open("rb", buffering=0))

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            (self._root / key).unlink(missing_ok=True)

    def older_than(self, moment: datetime) -> Iterator[str]:
        for place in (_FILES, _INCOMING):
            for path in (self._root / place).rglob("*"):
                key = path.relative_to(self._root).as_posix()
                # A folder may hold others' files too; those are left alone.
                if place == _INCOMING or _FILE_KEY.fullmatch(key):
                    with suppress(FileNotFoundError):  # somebody finished meanwhile
                        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment:
                            yield key

    def free_bytes(self) -> int:
        self._root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free

    def reach(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._root))


class FolderFile:
    """Reads by its descriptor: whatever is put into the file's place, this stays the same file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        status = os.fstat(file.fileno())
        self.version = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
        self.size = status.st_size

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop and (chunk := os.pread(self._file.fileno(), min(CHUNK, stop - start), start)):
            start += len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


class Bucket:
    """A bucket, reached with the credentials, region and endpoint of the usual `AWS_…` variables.

    Drafts are nameless files on the local disk: they take no memory, and a crash leaves nothing of them.
    """

    def __init__(self, address: str) -> None:
        self._store = S3Store.from_url(
            address,
            client_options={"allow_http": True, "connect_timeout": "3s", "timeout": "30s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    def new_draft(self) -> IO[bytes]:
        return tempfile.TemporaryFile()

    def adopt(self, draft: IO[bytes], key: str) -> None:
        draft.flush()
        draft.seek(0)
        chunks = iter(lambda: draft.read(CHUNK), b"")
        obstore.put(self._store, key, chunks, chunk_size=_PART, max_concurrency=1)

    def drop(self, draft: IO[bytes]) -> None:
        with suppress(OSError):
            draft.close()

    def open(self, key: str) -> "BucketFile":
        return BucketFile(self._store, key)

    def delete(self, keys: Sequence[str]) -> None:
        obstore.delete(self._store, keys)

    def older_than(self, moment: datetime) -> Iterator[str]:
        for found in obstore.list(self._store, _FILES):  # pyright: ignore[reportUnknownMemberType]  # for want of Arrow
            yield from (
                item["path"] for item in found if item["last_modified"] < moment and _FILE_KEY.fullmatch(item["path"])
            )

    def free_bytes(self) -> int:
        return shutil.disk_usage(tempfile.gettempdir()).free

    def reach(self) -> None:
        with suppress(FileNotFoundError):
            obstore.head(self._store, _FILES)


class BucketFile:
    """Reads in short requests, so that a slow reader keeps no connection to the bucket waiting."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._store = store
        self._key = key
        found = obstore.head(store, key)
        self.version = str(found["e_tag"])
        self._unchanged = found["e_tag"]
        self.size = found["size"]

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        for begin in range(start, stop, _WINDOW):
            window = (begin, min(begin + _WINDOW, stop))
            answer = obstore.get(self._store, self._key, options={"range": window, "if_match": self._unchanged})
            for chunk in answer.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def close(self) -> None:
        """Nothing is open between two windows."""


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network shares can't
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
