"""Takes a multipart form apart while it arrives, and puts its files onto the disk as they come."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import IO, NamedTuple

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from tracker.attachments.formats import SUFFIXES, Format, format_of
from tracker.attachments.names import display_name, suffix_of
from tracker.attachments.storage import Storage
from tracker.core.errors import Conflict, FieldError, Invalid, TooLarge, TooSlow, UnsupportedMediaType

PART_NAME = "files"
_BUFFER = 128 * 1024
# What a file takes of a body besides its content, at most.
_HEADERS_BYTES = 8 * 4096
# How long the next piece of a body may take, and the whole of it.
_PIECE_SECONDS, _BODY_SECONDS = 30, 900
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})


def refused_file(position: int, name: str, reason: str) -> UnsupportedMediaType:
    """415, naming the file."""
    return UnsupportedMediaType(
        f"{name}: {reason}.", errors=[FieldError(field=f"{PART_NAME}[{position}]", message=f"{name}: {reason}.")]
    )


class Form(NamedTuple):
    """A multipart form that is still arriving."""

    boundary: str
    body: AsyncIterator[bytes]
    announced: int
    """By how many bytes; 0 if unknown."""


class Draft:
    """A file on its way in: what arrived of it is on the disk, counted and hashed."""

    def __init__(self, storage: Storage, file: IO[bytes], *, position: int, name: str, kind: Format) -> None:
        self._storage = storage
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self.file = file
        self.position = position
        self.name = name
        self.kind = kind
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            await self.flush()

    async def flush(self) -> None:
        data, self._buffer = self._buffer, bytearray()
        await self._storage.run(self._absorb, data)

    def drop(self) -> None:
        self._storage.store.drop(self.file)

    def _absorb(self, data: bytearray) -> None:
        self._digest.update(data)
        self.file.write(data)
        self.file.flush()


class FormReader:
    """Reads the files of one form, one after the other.

    Args:
        storage: where drafts are made.
        keep: called with each draft as soon as it is whole; afterwards the draft is dropped.
        max_bytes: how large a file may be.
        room: how many there may be.
    """

    def __init__(
        self, storage: Storage, keep: Callable[[Draft], Awaitable[None]], *, max_bytes: int, room: int
    ) -> None:
        self._storage = storage
        self._keep = keep
        self._max_bytes = max_bytes
        self._room = room
        self._draft: Draft | None = None
        self._begun = 0

    async def read(self, form: Form) -> None:
        """Reads to the end of the body.

        Raises:
            Invalid: it isn't a form of files.
            Conflict: it holds more files than there is room for.
            TooLarge: a file is, or all of it.
            TooSlow: it stopped coming.
            UnsupportedMediaType: a file's name promises what is not taken, or says other than its declared type.
        """
        parser = _parser(form.boundary)
        try:
            async for chunk in _bounded(form, self._room * (self._max_bytes + _HEADERS_BYTES)):
                for event in _events(parser, chunk):
                    if isinstance(event, MultipartSegment):
                        self._draft = await self._begin(event)
                    elif self._draft and event is None:
                        await self._finish(self._draft)
                    elif self._draft and event:
                        await self._go_on(self._draft, event)
        finally:
            if self._draft:
                self._draft.drop()
        _close(parser)
        if not self._begun:
            raise Invalid.field(PART_NAME, "Send at least one file.")

    async def _begin(self, segment: MultipartSegment) -> Draft:
        position, self._begun = self._begun, self._begun + 1
        field = f"{PART_NAME}[{position}]"
        _require_plain_headers(segment, field)
        if segment.name != PART_NAME:
            raise Invalid.field("body", f"Every part must be a file named `{PART_NAME}`.")
        name = display_name(segment.filename or "")
        if not name:
            raise Invalid.field(field, "The file has no name.")
        if position >= self._room:
            raise Conflict(f"Too many files: there is room for {self._room}.")
        kind = self.kind_of(position, name, segment)
        file = await self._storage.run(self._storage.store.new_draft)
        return Draft(self._storage, file, position=position, name=name, kind=kind)

    def kind_of(self, position: int, name: str, segment: MultipartSegment) -> Format:
        """What a file is taken for, by its name and its declared type.

        Raises:
            UnsupportedMediaType: it is not taken.
        """
        kind = format_of(suffix_of(name))
        if kind is None:
            raise refused_file(position, name, f"files of this kind are not taken; these are: {' '.join(SUFFIXES)}")
        if not kind.may_be_declared(segment.content_type) or (segment.charset or "").lower() not in _CHARSETS:
            raise refused_file(position, name, f"its declared type is not that of a {kind.label} file")
        return kind

    async def _go_on(self, draft: Draft, data: bytes) -> None:
        if draft.size + len(data) > self._max_bytes:
            raise TooLarge(f"{draft.name} is larger than {self._max_bytes} bytes.")
        await draft.write(data)

    async def _finish(self, draft: Draft) -> None:
        if draft.size == 0:
            raise Invalid.field(f"{PART_NAME}[{draft.position}]", f"{draft.name} is empty.")
        await draft.flush()
        await self._keep(draft)
        draft.drop()
        self._draft = None


async def _bounded(form: Form, limit: int) -> AsyncIterator[bytes]:
    """The body, as long as it keeps coming and is not too much."""
    if form.announced > limit:
        raise TooLarge
    received = 0
    clock = asyncio.get_running_loop().time
    deadline = clock() + _BODY_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(min(clock() + _PIECE_SECONDS, deadline)):
                chunk = await anext(form.body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow from None
        received += len(chunk)
        if received > limit:
            raise TooLarge
        if chunk:  # the parser takes an empty one for the end
            yield chunk


def _parser(boundary: str) -> PushMultipartParser:
    try:
        return PushMultipartParser(boundary)
    except (MultipartError, ValueError, LookupError) as error:
        raise _malformed(error) from None


def _events(parser: PushMultipartParser, chunk: bytes) -> Iterator[MultipartSegment | bytes | None]:
    try:
        yield from parser.parse(chunk)
    except (MultipartError, ValueError, LookupError) as error:
        raise _malformed(error) from None


def _close(parser: PushMultipartParser) -> None:
    try:
        parser.close()
    except MultipartError as error:
        raise _malformed(error) from None


def _malformed(error: Exception) -> Invalid:
    reason = f": {error.args[0]}" if isinstance(error, MultipartError) else ""
    return Invalid(f"The body is not a well-formed multipart form{reason}.")


def _require_plain_headers(segment: MultipartSegment, field: str) -> None:
    twice = [name for name, times in Counter(name for name, _ in segment.headerlist).items() if times > 1]
    if twice:
        raise Invalid.field(field, f"The part has more than one {twice[0]}.")
    if dict(segment.headerlist).get("Content-Transfer-Encoding", "").lower() not in _PLAIN_ENCODINGS:
        raise Invalid.field(field, "Send the file as it is, without a Content-Transfer-Encoding.")
