"""The types of files that are taken, and how their content shows what they are.

A library that names the type of anything would call a polyglot by its head. Here it is the other way round: a file
is taken when it bears the marks of the one type that its name and its declared type promise, and of no other.
"""

import codecs
import mmap
import os
import re
from collections.abc import Callable
from typing import IO

import msgspec

_CHUNK = 256 * 1024
_HEAD = 1024
# A ZIP's directory ends with a record of 22 bytes and a comment of up to 65,535.
_TAIL = 22 + 65_535

# https://mimesniff.spec.whatwg.org/#binary-data-byte: what text never holds; it may hold ESC, as coloured logs do.
_BINARY_BYTES = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_MARKUP = re.compile(
    rb"<(!doctype|html|head|body|script|style|iframe|object|embed|svg|\?xml|\?php)[\s>/]", re.IGNORECASE
)
# Possessive, because there are exponentially many ways to read a row of comments.
_MARKUP_DOCUMENT = re.compile(
    rb"(?s)(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->)*+" + _MARKUP.pattern,
    re.IGNORECASE,
)


class Mismatch(Exception):
    """The content is not what it claims to be; the text says what it is instead."""


class Format(msgspec.Struct, frozen=True):
    """One type of file that is taken."""

    label: str
    content_type: str
    suffixes: frozenset[str]
    aliases: frozenset[str] = frozenset()
    """What else clients call it."""

    def may_be_declared(self, content_type: str | None) -> bool:
        """Whether a part may say this of itself; saying nothing, or just "bytes", is fine."""
        return content_type in {None, "", "application/octet-stream", self.content_type} | self.aliases


PNG = Format("PNG", "image/png", frozenset({".png"}))
JPEG = Format("JPEG", "image/jpeg", frozenset({".jpg", ".jpeg"}), frozenset({"image/jpg", "image/pjpeg"}))
GIF = Format("GIF", "image/gif", frozenset({".gif"}))
WEBP = Format("WebP", "image/webp", frozenset({".webp"}))
PDF = Format("PDF", "application/pdf", frozenset({".pdf"}), frozenset({"application/x-pdf"}))
ZIP = Format(
    "ZIP", "application/zip", frozenset({".zip"}), frozenset({"application/x-zip", "application/x-zip-compressed"})
)
TEXT = Format("text", "text/plain", frozenset({".txt", ".text", ".log"}), frozenset({"text/x-log"}))
JSON = Format("JSON", "application/json", frozenset({".json"}), frozenset({"text/json"}))
CSV = Format(
    "CSV",
    "text/csv",
    frozenset({".csv"}),
    # The last is what Windows says when Excel is installed.
    frozenset({"application/csv", "text/comma-separated-values", "application/vnd.ms-excel"}),
)

FORMATS = (PNG, JPEG, GIF, WEBP, PDF, ZIP, TEXT, JSON, CSV)
_BY_SUFFIX = {suffix: kind for kind in FORMATS for suffix in kind.suffixes}
SUFFIXES = tuple(_BY_SUFFIX)


def format_of(suffix: str) -> Format | None:
    """The type that a name promises."""
    return _BY_SUFFIX.get(suffix)


class Ends(msgspec.Struct, frozen=True):
    """The beginning and the end of a file: where formats keep their marks."""

    head: bytes
    tail: bytes
    size: int

    def is_png(self) -> bool:
        return self.head.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")

    def is_jpeg(self) -> bool:
        return self.head.startswith(b"\xff\xd8\xff")

    def is_gif(self) -> bool:
        return self.head.startswith((b"GIF87a", b"GIF89a"))

    def is_webp(self) -> bool:
        return self.head.startswith(b"RIFF") and self.head[8:12] == b"WEBP"

    def is_pdf(self) -> bool:
        """Readers look for the header in the first kilobyte and for the trailer in the last."""
        return b"%PDF-" in self.head and (b"%%EOF" in self.tail[-_HEAD:] or self.head.startswith(b"%PDF-"))

    def is_zip(self) -> bool:
        """Readers begin at the end: with a record whose comment reaches exactly to the last byte."""
        place = self.tail.rfind(b"PK\5\6")
        while place >= 0:
            record = self.tail[place : place + 22]
            if len(record) == 22 and int.from_bytes(record[20:22], "little") == len(self.tail) - place - 22:  # noqa: PLR2004 (see _TAIL)
                return True
            place = self.tail.rfind(b"PK\5\6", 0, place)
        return False

    def has_markup(self) -> bool:
        return bool(_MARKUP.search(self.head) or _MARKUP.search(self.tail[-_HEAD:]))


_MARKS: dict[str, Callable[[Ends], bool]] = {
    PNG.label: Ends.is_png,
    JPEG.label: Ends.is_jpeg,
    GIF.label: Ends.is_gif,
    WEBP.label: Ends.is_webp,
    PDF.label: Ends.is_pdf,
    ZIP.label: Ends.is_zip,
}

# What else must hold, so that nothing follows the picture or comes before the archive.
_WHOLE: dict[str, Callable[[Ends], bool]] = {
    PNG.label: lambda ends: ends.tail.endswith(b"\0\0\0\0IEND\xaeB`\x82"),
    GIF.label: lambda ends: ends.tail.endswith(b";"),
    WEBP.label: lambda ends: 0 <= ends.size - int.from_bytes(ends.head[4:8], "little") - 8 <= 1,
    PDF.label: lambda ends: ends.head.startswith(b"%PDF-") and b"%%EOF" in ends.tail[-_HEAD:],
    ZIP.label: lambda ends: ends.head.startswith((b"PK\3\4", b"PK\5\6")),
}


def require(kind: Format, file: IO[bytes]) -> None:
    """Reads a whole file, a chunk at a time.

    Raises:
        Mismatch: it is not of this type, or could pass for one of another.
    """
    ends = _ends_of(file)
    found = [label for label, bears_marks in _MARKS.items() if bears_marks(ends)]
    if kind.label not in _MARKS:
        if found:
            raise Mismatch(f"is {' and '.join(found)}, not {kind.label}")
        _require_text(kind, file, ends)
        return
    if kind.label not in found:
        raise Mismatch(f"is {' and '.join(found)}, not {kind.label}" if found else f"is not {kind.label}")
    if len(found) > 1:
        raise Mismatch(f"is {' and '.join(found)} at once")
    if not _WHOLE.get(kind.label, lambda _: True)(ends):
        raise Mismatch(f"is not whole, or more than {kind.label}")
    if kind in {PNG, JPEG, GIF, WEBP} and ends.has_markup():
        raise Mismatch(f"is {kind.label} with markup in it")


def _ends_of(file: IO[bytes]) -> Ends:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(max(0, size - _TAIL))
    return Ends(head=head, tail=file.read(_TAIL), size=size)


def _require_text(kind: Format, file: IO[bytes], ends: Ends) -> None:
    if _MARKUP_DOCUMENT.match(ends.head):
        raise Mismatch(f"is HTML, XML or SVG, not {kind.label}")
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if len(chunk.translate(None, _BINARY_BYTES)) != len(chunk):
                raise Mismatch(f"holds control characters, as {kind.label} does not")
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Mismatch("is not text in UTF-8") from None
    if kind is JSON:
        _require_json(file)


def _require_json(file: IO[bytes]) -> None:
    """Checks the syntax in place: nothing of the document becomes an object."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as document:
        begin = len(codecs.BOM_UTF8) if content[:3] == codecs.BOM_UTF8 else 0
        with document[begin:] as without_mark:
            try:
                msgspec.json.decode(without_mark, type=msgspec.Raw)
            except (msgspec.DecodeError, RecursionError):
                raise Mismatch("is not valid JSON") from None
