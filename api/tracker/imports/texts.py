"""Texts, tags and times of other trackers, as the tracker can hold them."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from tracker.core.text import key_of
from tracker.imports.source import BrokenLine
from tracker.issues.schemas import MAX_DESCRIPTION_BYTES, MAX_TITLE_LENGTH
from tracker.issues.tags import MAX_TAG_BYTES, MAX_TAG_LENGTH, MAX_TAGS, bytes_of

Note = Callable[[str], None]
"""Told what of a line was changed or left out."""

MAX_NAME_LENGTH = 200
FIRST_YEAR, LAST_YEAR = 1970, 9998
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_T = TypeVar("_T")


def decoded(data: bytes | msgspec.Raw, decoder: "msgspec.json.Decoder[_T]") -> _T:
    """Decodes JSON.

    Raises:
        BrokenLine: it doesn't have the shape.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenLine(str(error).replace("`$.", "`")) from None


def one_line(text: str) -> str:
    return _CONTROL.sub("\ufffd", " ".join(text.split()))


def plain(text: str) -> str:
    """With Unix line ends, and without what can't be stored; nothing if it is blank."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text if text.strip() else ""


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, of which one without a zone is taken to be.

    Raises:
        BrokenLine: nothing can have happened then. Many programs write the year 1 for a time that they do not know, and
            statistics begin with the first.
    """
    try:
        known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        known = None
    if known is None or not FIRST_YEAR <= known.year <= LAST_YEAR:
        raise BrokenLine(f"{moment} is not a time that can be stored: the first year is {FIRST_YEAR}")
    return known


def titled(title: str, description: str, name: str, note: Note) -> tuple[str, str]:
    """Title and description. The whole of a title that is too long begins the description.

    Raises:
        BrokenLine: there is no title.
    """
    title = one_line(title)
    if not title:
        raise BrokenLine(f"the {name} is empty")
    if len(title) > MAX_TITLE_LENGTH:
        note(f"the {name} is longer than {MAX_TITLE_LENGTH} characters: the whole of it is in the description")
        description = f"{title}\n\n{description}".rstrip()
        title = f"{title[: MAX_TITLE_LENGTH - 1].rstrip()}…"
    return title, fitted(description, MAX_DESCRIPTION_BYTES, "the description", note)


def fitted(text: str, max_bytes: int, name: str, note: Note) -> str:
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    note(f"{name} is larger than {max_bytes:,} bytes: its end is cut off")
    end = "\n\n…"
    return encoded[: max_bytes - len(end.encode())].decode(errors="ignore") + end


def tags_of(labels: Iterable[str], note: Note) -> list[str]:
    by_key: dict[str, str] = {}
    for label in labels:
        tag = one_line(label)
        if not tag or len(tag) > MAX_TAG_LENGTH:
            note(f"the label {label!r} is empty or longer than {MAX_TAG_LENGTH} characters: not imported")
        elif len(by_key) == MAX_TAGS and key_of(tag) not in by_key:
            note(f"has more than {MAX_TAGS} labels: {label!r} is not imported")
        elif bytes_of({*by_key, key_of(tag)}) > MAX_TAG_BYTES:
            note(f"has more than {MAX_TAG_BYTES:,} bytes of labels: {label!r} is not imported")
        else:
            by_key.setdefault(key_of(tag), tag)
    return list(by_key.values())
