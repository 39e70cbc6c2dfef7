"""Receives files: bounded in number, size and time, checked, and in the store before any row names them."""

from collections import Counter
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import msgspec

from tracker.attachments import formats
from tracker.attachments.forms import Draft, Form, FormReader, refused_file
from tracker.attachments.storage import Storage
from tracker.attachments.stores import new_key
from tracker.core.errors import Refusal, TooMany
from tracker.core.idempotency import Replay

UPLOADS_AT_ONCE = 3
"""Of one person, in one process."""
RETRY_AFTER_SECONDS = 5


class ReceivedFile(msgspec.Struct, frozen=True):
    """A whole file that the store holds and nobody knows of yet."""

    name: str
    content_type: str
    size: int
    sha256: str
    storage_key: str


def fingerprint(files: Sequence[ReceivedFile]) -> bytes:
    """What makes two uploads the same one; clients choose a new boundary each time."""
    return msgspec.json.encode([(file.name, file.content_type, file.sha256) for file in files])


class Uploads:
    """What one process receives."""

    def __init__(self, storage: Storage, *, max_bytes: int) -> None:
        self._storage = storage
        self._max_bytes = max_bytes
        self._uploading: Counter[int] = Counter()

    @asynccontextmanager
    async def receive(self, form: Form, *, user_id: int, room: int) -> AsyncGenerator[list[ReceivedFile]]:
        """Yields the files of a form, for rows to be made of them.

        When the body of the `async with` refuses, they leave the store at once. When it fails in another way, the
        rows may have been committed all the same; if not, the files are orphans that get swept later.
        """
        received: list[ReceivedFile] = []

        async def keep(draft: Draft) -> None:
            await self._check(draft)
            received.append(await self._adopt(draft))

        try:
            with self._turn_of(user_id):
                await self._storage.require_space()
                await FormReader(self._storage, keep, max_bytes=self._max_bytes, room=room).read(form)
            yield received
        except (Refusal, Replay):
            with suppress(Refusal):  # then they are swept
                await self._storage.delete([file.storage_key for file in received])
            raise

    @contextmanager
    def _turn_of(self, user_id: int) -> Generator[None]:
        if self._uploading[user_id] >= UPLOADS_AT_ONCE:
            raise TooMany(
                f"You are uploading {UPLOADS_AT_ONCE} times already. Wait until one is done.",
                retry_after=RETRY_AFTER_SECONDS,
            )
        self._uploading[user_id] += 1
        try:
            yield
        finally:
            self._uploading[user_id] -= 1
            if not self._uploading[user_id]:
                del self._uploading[user_id]

    async def _check(self, draft: Draft) -> None:
        try:
            await self._storage.run(formats.require, draft.kind, draft.file)
        except formats.Mismatch as mismatch:
            raise refused_file(draft.position, draft.name, f"the content {mismatch}") from None

    async def _adopt(self, draft: Draft) -> ReceivedFile:
        key = new_key()
        await self._storage.run(self._storage.store.adopt, draft.file, key)
        return ReceivedFile(
            name=draft.name,
            content_type=draft.kind.content_type,
            size=draft.size,
            sha256=draft.sha256,
            storage_key=key,
        )
