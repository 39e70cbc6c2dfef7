"""Serving a file: whole or a part of it, and never as anything that a browser would open by itself."""

import re
from collections.abc import AsyncGenerator
from typing import NamedTuple

from litestar import Response
from litestar.response import Stream

from tracker.attachments.names import content_disposition
from tracker.attachments.services import Content
from tracker.attachments.storage import Storage
from tracker.core.errors import RangeNotSatisfiable
from tracker.issues.etags import etag_matches

_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.ASCII | re.IGNORECASE)


class Conditions(NamedTuple):
    """The headers by which a client asks for less than everything."""

    range: str | None
    if_range: str | None
    if_none_match: str | None


async def download(content: Content, conditions: Conditions, storage: Storage) -> Response[bytes] | Stream:
    """The answer to a download; nothing of the file is held in memory.

    Raises:
        NotFound: the store has lost or damaged it.
        RangeNotSatisfiable: the file ends before the range begins.
    """
    etag = f'"{content.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": content_disposition(content.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if conditions.if_none_match and etag_matches(conditions.if_none_match, etag):
        return Response(b"", status_code=304, headers=headers)
    stored = await storage.open(content.storage_key, content.sha256)
    try:
        # A part of another version would be joined to what the client has.
        is_wanted = conditions.range and conditions.if_range in {None, etag}
        part = part_of(conditions.range or "", stored.size) if is_wanted else None
    except RangeNotSatisfiable:
        stored.close()
        raise
    start, stop = part or (0, stored.size)
    is_text = content.content_type.startswith("text/")
    headers["Content-Type"] = content.content_type + ("; charset=utf-8" if is_text else "")
    headers["Content-Length"] = str(stop - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"

    async def chunks() -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in storage.chunks(stored, start, stop):
                yield chunk
        finally:
            stored.close()

    return Stream(chunks(), status_code=206 if part else 200, headers=headers)


def part_of(header: str, size: int) -> tuple[int, int] | None:
    """The begin and end of a single range of bytes; None for what a server may answer with the whole.

    Raises:
        RangeNotSatisfiable: it lies behind the end.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1]:
        start = int(match[1])
        stop = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    else:
        start, stop = max(0, size - int(match[2])), size
    if start >= stop:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, stop
