"""The store as the event loop uses it: in threads, and with its troubles told as refusals."""

import errno
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Self, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from tracker.attachments.stores import STORE_TROUBLE, Store, StoredFile, store_at
from tracker.core.errors import InsufficientStorage, NotFound, Unavailable
from tracker.settings import Settings

logger = logging.getLogger(__name__)

THREADS = 8
_REMEMBERED = 1000
_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

T = TypeVar("T")


class Storage:
    """What handlers and jobs do with the store.

    Every method raises `Unavailable` or `InsufficientStorage` when the store can't do its part.
    """

    def __init__(self, store: Store, *, min_free_bytes: int) -> None:
        self.store = store
        self._min_free_bytes = min_free_bytes
        self._limiter = CapacityLimiter(THREADS)
        # Which content was found under which key and version of it.
        self._verified: dict[tuple[str, str], str] = {}

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(store_at(settings.upload_store), min_free_bytes=settings.upload_min_free_bytes)

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Calls something that reads or writes files."""
        with _told_as_refusals():
            return await run_sync(call, *arguments, limiter=self._limiter)

    async def require_space(self) -> None:
        if await self.run(self.store.free_bytes) < self._min_free_bytes:
            raise InsufficientStorage

    async def delete(self, keys: Sequence[str]) -> None:
        await self.run(self.store.delete, keys)

    async def find(self, key: str) -> StoredFile:
        """A file, with whatever content it has now.

        Raises:
            NotFound: it is missing.
        """
        stored = await self.run(_open, self.store, key)
        if stored is None:
            logger.error("a file is missing from the store", extra={"storage_key": key})
            raise NotFound("The content of this file is missing from the store.")
        return stored

    async def open(self, key: str, sha256: str) -> StoredFile:
        """A file with exactly the content that has this digest, as it was received and scanned.

        Raises:
            NotFound: it is missing, or something else.
        """
        stored = await self.find(key)
        version = (key, stored.version)
        if self._verified.get(version) != sha256:
            if await self.digest(stored) != sha256:
                stored.close()
                logger.error("a file in the store is not what was received", extra={"storage_key": key})
                raise NotFound("The content of this file was damaged in the store.")
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[version] = sha256
        return stored

    async def digest(self, stored: StoredFile) -> str:
        digest = hashlib.sha256()
        async for chunk in self.chunks(stored, 0, stored.size):
            digest.update(chunk)
        return digest.hexdigest()

    async def chunks(self, stored: StoredFile, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        chunks = stored.read(start, stop)

        def following() -> bytes:
            return next(chunks, b"")

        while chunk := await self.run(following):
            yield chunk


def _open(store: Store, key: str) -> StoredFile | None:
    try:
        return store.open(key)
    except FileNotFoundError:
        return None


@contextmanager
def _told_as_refusals() -> Generator[None]:
    try:
        yield
    except STORE_TROUBLE as error:
        if isinstance(error, OSError) and error.errno in _DISK_IS_FULL:
            raise InsufficientStorage from error
        logger.exception("the file store does not work")
        raise Unavailable("The file store can't be reached. Try again in a moment.") from error
