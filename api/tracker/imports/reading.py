"""The lines of an export, compressed or not."""

import gzip
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, AnyStr, cast

MAX_LINE = 64 * 1024 * 1024
"""Far more than any issue takes with all that was said of it. A few kilobytes can be packed gigabytes of one line."""
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BrokenFile(Exception):
    """The file breaks off, or its compression is damaged; the message says how."""


@contextmanager
def opened(path: Path) -> Generator[tuple[IO[bytes], IO[bytes]]]:
    """A file's content, unpacked if it is compressed by gzip; and the file itself, to see how far it was read.

    Raises:
        BrokenFile: it can't be read to its end.
    """
    with path.open("rb") as file:
        content = gzip.GzipFile(fileobj=file) if file.peek(len(_GZIP)).startswith(_GZIP) else file
        try:
            yield cast("IO[bytes]", content), file
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BrokenFile(str(error)) from None


def bounded_lines(file: IO[AnyStr]) -> Generator[AnyStr]:
    """The lines of a file, none of which takes all memory that there is.

    Raises:
        BrokenFile: one is too long.
    """
    number = 1
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise BrokenFile(f"line {number} is longer than {MAX_LINE // 1024**2} MiB")
        yield line
        number += 1


def read_lines(path: Path) -> Generator[tuple[int, bytes, int]]:
    """Each line that is not blank, with its number and how many bytes of the file it took to get there.

    Raises:
        BrokenFile: it can't be read to its end.
    """
    with opened(path) as (lines, file):
        for number, line in enumerate(bounded_lines(lines), 1):
            if stripped := line.removeprefix(_BYTE_ORDER_MARK).strip():
                yield number, stripped, file.tell()
