"""File names for people's eyes; the store never sees them."""

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

MAX_BYTES = 255
# Control characters, formatting (which turns text around or has no width), halves of pairs, private use.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})


def display_name(given: str) -> str:
    """The last part of a path, in one line, without characters that can't be seen or turn the text around.

    Empty if nothing of it can be shown.
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    words = " ".join(last.split())  # at line breaks of every kind too
    visible = "".join(character for character in words if unicodedata.category(character) not in _INVISIBLE)
    return _shortened(" ".join(visible.split()).strip(". "))


def suffix_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def content_disposition(name: str) -> str:
    """Has every browser save the file, under a name in any script (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    """Fits into what file systems allow; the suffix stays."""
    encoded, suffix = name.encode(), PurePosixPath(name).suffix.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    if len(suffix) >= MAX_BYTES:
        suffix = b""
    stem = encoded[: MAX_BYTES - len(suffix)].decode(errors="ignore")
    return stem + suffix.decode()
