"""Files to import that somebody uploads: received, recognised and read again."""

import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from multipart import MultipartSegment

from tracker.attachments.formats import Format
from tracker.attachments.forms import Draft, Form, FormReader
from tracker.attachments.storage import Storage
from tracker.attachments.stores import new_key
from tracker.attachments.uploads import ReceivedFile
from tracker.core.errors import Invalid, Refusal
from tracker.core.idempotency import Replay
from tracker.models import ImportSource

FILES = 2
"""A file of issues, and perhaps one with their comments."""
HEAD_BYTES = 1024 * 1024
"""So much of a file is looked at to show what is in it."""
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
ANY_FILE = Format("import", "application/octet-stream", frozenset())


class ImportFormReader(FormReader):
    """Takes any file: what can't be imported of it is told line by line."""

    def kind_of(self, position: int, name: str, segment: MultipartSegment) -> Format:
        _ = position, name, segment
        return ANY_FILE


@asynccontextmanager
async def receive(form: Form, storage: Storage, *, max_bytes: int) -> AsyncGenerator[list[ReceivedFile]]:
    """Yields the files of a form, which leave the store again if they are refused."""
    received: list[ReceivedFile] = []

    async def keep(draft: Draft) -> None:
        key = new_key()
        await storage.run(storage.store.adopt, draft.file, key)
        received.append(
            ReceivedFile(
                name=draft.name,
                content_type=ANY_FILE.content_type,
                size=draft.size,
                sha256=draft.sha256,
                storage_key=key,
            )
        )

    try:
        await storage.require_space()
        await ImportFormReader(storage, keep, max_bytes=max_bytes, room=FILES).read(form)
        yield received
    except (Refusal, Replay):
        await storage.delete([file.storage_key for file in received])
        raise


@asynccontextmanager
async def fetched(storage: Storage, key: str, *, head: bool = False) -> AsyncGenerator[Path]:
    """A copy of a stored file on the local disk, or only of its beginning; a compressed one is always whole.

    Raises:
        NotFound: it is missing.
    """
    stored = await storage.find(key)
    try:
        with NamedTemporaryFile(prefix="tracker-import-") as copy:
            size = stored.size
            async for chunk in storage.chunks(stored, 0, size):
                if head and copy.tell() == 0 and not chunk.startswith(_GZIP):
                    size = min(size, HEAD_BYTES)
                await storage.run(copy.write, chunk)
                if copy.tell() >= size:
                    break
            copy.flush()
            yield Path(copy.name)
    finally:
        stored.close()


def recognised(head: bytes) -> ImportSource:
    """What a file is, by how it begins.

    Raises:
        Invalid: it is a workbook, which is taken for a table by many.
    """
    if head.startswith(_ZIP):
        raise Invalid("This is a ZIP archive or an Excel workbook. Unpack it, or save the table as CSV.")
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
        except zlib.error:
            return ImportSource.CSV
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith((b"{", b"[")):
        return ImportSource.CSV
    first_line = begin.split(b"\n", 1)[0]
    return ImportSource.JIRA if b'"fields"' in first_line and begin.startswith(b"{") else ImportSource.GITHUB
