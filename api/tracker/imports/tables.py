"""Rows of a CSV file, whatever program has written it: its encoding, its separator, and what is broken in it.

Encodings are UTF-8 with or without its mark, UTF-16 with it, and else Windows-1252, which contains Latin-1. A row may take
several lines. One with a quote that is never closed is broken by itself: what follows is read from its second line on.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Literal

import msgspec

from tracker.imports.reading import BrokenFile, bounded_lines, opened

Separator = Literal[",", ";", "\t"]
Encoding = Literal["utf-8", "utf-16", "windows-1252"]
SEPARATORS: tuple[Separator, ...] = (",", ";", "\t")

MAX_ROW_CHARACTERS = 8 * 1024 * 1024
_SAMPLE_LINES = 20


class Dialect(msgspec.Struct, frozen=True):
    """How a file is written."""

    encoding: Encoding
    separator: Separator


class Row(msgspec.Struct, frozen=True):
    line: int
    position: int
    cells: list[str]
    broken: str | None = None
    """Why it can't be read; then there are no cells."""


def dialect_of(path: Path) -> Dialect:
    """Finds out how a file is written, as far as it can be read: whoever reads its rows is told where it breaks off."""
    encoding = _encoding_of(path)
    sample: list[str] = []
    with suppress(BrokenFile), opened(path) as (content, _):
        text = _text(content, encoding)
        sample.extend(islice(bounded_lines(text), _SAMPLE_LINES))
        text.detach()
    return Dialect(encoding, max(SEPARATORS, key=lambda separator: _fit(sample, separator)))


def read_rows(path: Path, dialect: Dialect) -> Generator[Row]:
    """Every row that is not blank, the first one too.

    Raises:
        BrokenFile: it can't be read to its end.
    """
    csv.field_size_limit(MAX_ROW_CHARACTERS)
    with opened(path) as (content, file):
        text = _text(content, dialect.encoding)  # which closes the file when nobody holds it any more
        lines = _Lines(bounded_lines(text))
        while (line := lines.take()) is not None:
            number = lines.number
            cells, broken = _read_row(line, lines, dialect.separator)
            if cells or broken:
                yield Row(number, file.tell(), cells, broken)


class _Lines:
    """Lines one after the other, with a way back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self.number = 0
        """Of the line taken last."""

    def take(self) -> str | None:
        line = self._returned.popleft() if self._returned else next(self._lines, None)
        self.number += line is not None
        return line

    def give_back(self, lines: list[str]) -> None:
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def _read_row(line: str, lines: _Lines, separator: Separator) -> tuple[list[str], str | None]:
    """The cells of the row that begins with the line, or why it can't be read."""
    taken = [line]
    try:
        cells = next(csv.reader(_row_lines(taken, lines), delimiter=separator, strict=True), list[str]())
    except csv.Error as error:
        lines.give_back(taken[1:])
        is_cut = str(error).startswith(("unexpected end of data", "field larger than field limit"))
        return [], "a quote is opened and never closed" if is_cut else str(error)
    if any("\udc80" <= character <= "\udcff" for character in "".join(cells)):
        return [], "is not valid UTF-8"
    return cells, None


def _row_lines(taken: list[str], lines: _Lines) -> Iterator[str]:
    """The line that was taken, and, as long as it may still be the same row, those that come after it."""
    yield taken[0]
    size = len(taken[0])
    while size <= MAX_ROW_CHARACTERS and (line := lines.take()) is not None:
        taken.append(line)
        size += len(line)
        yield line


def _text(content: IO[bytes], encoding: Encoding) -> io.TextIOWrapper:
    if encoding == "utf-8":
        return io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
    return io.TextIOWrapper(content, encoding, errors="replace", newline="")


def _encoding_of(path: Path) -> Encoding:
    """By its mark; else UTF-8 unless more lines speak against it than for it: a few are broken in any encoding."""
    valid = invalid = 0
    with suppress(BrokenFile), opened(path) as (content, _):
        for number, line in enumerate(bounded_lines(content)):
            if number == 0 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if number == 0 and line.startswith(codecs.BOM_UTF8):
                return "utf-8"
            if line.isascii():
                continue
            try:
                line.decode()
            except UnicodeDecodeError:
                invalid += 1
            else:
                valid += 1
    return "utf-8" if valid >= invalid else "windows-1252"


def _fit(sample: list[str], separator: Separator) -> tuple[int, int]:
    """How well a separator cuts the first lines: how many rows are as wide as the first, and how wide that is."""
    try:
        rows = [row for row in csv.reader(sample, delimiter=separator) if row]
    except csv.Error:
        return 0, 0
    width = len(rows[0]) if rows else 0
    return (0, 0) if width <= 1 else (sum(len(row) == width for row in rows), width)
