"""What may stand behind each field's colon."""

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import msgspec

from tracker.core.schema import MAX_ID
from tracker.models import CLOSED_STATUSES, Severity, Status
from tracker.query.ast import (
    All,
    Any,
    Dated,
    Has,
    InSeverity,
    InStatus,
    Me,
    Nobody,
    Node,
    Not,
    Of,
    Part,
    PersonId,
    PersonName,
    Sort,
    Tagged,
    Took,
    WasAssigned,
    WasSeverity,
    WasStatus,
    Who,
)
from tracker.query.dates import read_duration, read_span
from tracker.query.errors import QueryError

T = TypeVar("T")

STATUSES, SEVERITIES = tuple(Status), tuple(Severity)
OPEN = tuple(status for status in STATUSES if status not in CLOSED_STATUSES)
CLOSED = tuple(status for status in STATUSES if status in CLOSED_STATUSES)
HAS: tuple[Part, ...] = ("assignee", "attachment", "comment", "description", "tag")

_ORDER = re.compile(r"(>=|<=|>|<)(.*)", re.DOTALL)
_ID = re.compile(r"[1-9][0-9]{0,18}")


class Value(msgspec.Struct, frozen=True):
    """One of the values behind a colon; what is quoted has no other meaning than itself."""

    text: str
    position: int
    is_quoted: bool = False


Values = tuple[Value, ...]


def read_is(values: Values, _: date) -> Node:
    states = tuple(_one_of(value, {"open": OPEN, "closed": CLOSED}) for value in values)
    return InStatus(tuple(status for status in STATUSES if any(status in state for state in states)))


def read_status(values: Values, _: date) -> Node:
    return InStatus(tuple(_status(value) for value in values))


def read_severity(values: Values, _: date) -> Node:
    chosen: list[Severity] = []
    for value in values:
        match = _ORDER.fullmatch(value.text)
        if match is None:
            chosen.append(_severity(value))
            continue
        bound = SEVERITIES.index(_severity(Value(match[2], value.position + len(match[1]))))
        ranges = {">": (bound + 1, None), ">=": (bound, None), "<": (0, bound), "<=": (0, bound + 1)}
        first, last = ranges[match[1]]
        chosen += SEVERITIES[first:last]
    return InSeverity(tuple(dict.fromkeys(chosen)))


def read_tag(values: Values, _: date) -> Node:
    for value in values:
        if not value.text.strip():
            raise QueryError(value.position, "Expected a tag.")
    return Tagged(tuple(value.text for value in values))


def read_assignee(values: Values, _: date) -> Node:
    return Of("assignee", tuple(_who(value, may_be_nobody=True) for value in values))


def read_reporter(values: Values, _: date) -> Node:
    return Of("reporter", tuple(_who(value, may_be_nobody=False) for value in values))


def read_has(values: Values, _: date) -> Node:
    parts = tuple(Has(_one_of(value, {part: part for part in HAS})) for value in values)
    return parts[0] if len(parts) == 1 else Any(parts)


def read_no(values: Values, today: date) -> Node:
    return Not(read_has(values, today))


def read_created(values: Values, today: date) -> Node:
    return _dated(values, today, lambda since, until: Dated("created", since, until))


def read_updated(values: Values, today: date) -> Node:
    return _dated(values, today, lambda since, until: Dated("updated", since, until))


def read_closed(values: Values, today: date) -> Node:
    return _dated(values, today, lambda since, until: Dated("closed", since, until))


def read_took(values: Values, _: date) -> Node:
    spans = tuple(Took(*read_duration(value.text, value.position)) for value in values)
    return spans[0] if len(spans) == 1 else Any(spans)


def read_was(values: Values, field: str | None) -> Node:
    """Behind `was:`, or `status was:`; without a field the value tells which."""
    if field == "assignee":
        return WasAssigned(tuple(_who(value, may_be_nobody=True) for value in values))
    if field == "severity" or (field is None and values[0].text.lower() in set(SEVERITIES)):
        return WasSeverity(tuple(_severity(value) for value in values))
    return WasStatus(tuple(_status(value) for value in values))


def read_sort(value: Value) -> Sort:
    text = value.text.lower()
    if text.endswith(("-asc", "-desc")):
        name, _, direction = text.rpartition("-")
        text = f"-{name}" if direction == "desc" else name
    return _one_of(Value(text, value.position), {str(sort): sort for sort in Sort})


Reader = Callable[[Values, date], Node]

READERS: dict[str, Reader] = {
    "is": read_is,
    "status": read_status,
    "severity": read_severity,
    "tag": read_tag,
    "assignee": read_assignee,
    "reporter": read_reporter,
    "no": read_no,
    "has": read_has,
    "created": read_created,
    "updated": read_updated,
    "closed": read_closed,
    "took": read_took,
}


def widened(one: Node, other: Node) -> Node:
    """What two conditions on a field that has one value at a time mean together.

    Nothing is open and done at once, so whoever asks for `status:open status:done` wants either.
    """
    match one, other:
        case InStatus(some), InStatus(more):
            return InStatus(tuple(dict.fromkeys(some + more)))
        case InSeverity(some), InSeverity(more):
            return InSeverity(tuple(dict.fromkeys(some + more)))
        case Of(role, some), Of(_, more):
            return Of(role, tuple(dict.fromkeys(some + more)))
        case _:
            return All((one, other))


def _dated(values: Values, today: date, node: Callable[[date | None, date | None], Node]) -> Node:
    spans = tuple(node(*read_span(value.text, value.position, today)) for value in values)
    return spans[0] if len(spans) == 1 else Any(spans)


def _status(value: Value) -> Status:
    return _one_of(value, {str(status): status for status in STATUSES})


def _severity(value: Value) -> Severity:
    return _one_of(value, {str(severity): severity for severity in SEVERITIES})


def _who(value: Value, *, may_be_nobody: bool) -> Who:
    name = value.text.strip()
    if not value.is_quoted:
        match name.lower():
            case "@me" | "me":
                return Me()
            case "@none" | "none" if may_be_nobody:
                return Nobody()
            case _ if _ID.fullmatch(name) and int(name) <= MAX_ID:
                return PersonId(int(name))
            case _ if name.isdecimal() or name.startswith("@"):
                name = ""
            case _:
                pass
    if not name:
        nobody = ", none" if may_be_nobody else ""
        raise QueryError(value.position, f'Expected a person: @me{nobody}, a name like "Ann Lee", or an id.')
    return PersonName(name)


def _one_of(value: Value, choices: dict[str, T]) -> T:
    try:
        return choices[value.text.lower()]
    except KeyError:
        *others, last = choices
        raise QueryError(value.position, f"Expected {', '.join(others)} or {last}.") from None
