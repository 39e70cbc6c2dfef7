"""What a query says, once it is read: dates are worked out, comparisons are lists of values."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from tracker.models import Severity, Status


class Sort(StrEnum):
    NEWEST = "-created"
    OLDEST = "created"
    RECENTLY_UPDATED = "-updated"
    LEAST_RECENTLY_UPDATED = "updated"
    MOST_SEVERE = "-severity"
    LEAST_SEVERE = "severity"


class All(msgspec.Struct, frozen=True, tag=True):
    terms: "tuple[Node, ...]"


class Any(msgspec.Struct, frozen=True, tag=True):
    terms: "tuple[Node, ...]"


class Not(msgspec.Struct, frozen=True, tag=True):
    term: "Node"


class Words(msgspec.Struct, frozen=True, tag=True):
    """To be found anywhere in the issue; as a phrase, next to each other in one text."""

    text: str
    is_phrase: bool = False


class Number(msgspec.Struct, frozen=True, tag=True):
    issue_id: int


class InStatus(msgspec.Struct, frozen=True, tag=True):
    values: tuple[Status, ...]


class InSeverity(msgspec.Struct, frozen=True, tag=True):
    values: tuple[Severity, ...]


class Tagged(msgspec.Struct, frozen=True, tag=True):
    """With any of these tags."""

    names: tuple[str, ...]


class Me(msgspec.Struct, frozen=True, tag=True):
    pass


class Nobody(msgspec.Struct, frozen=True, tag=True):
    pass


class PersonId(msgspec.Struct, frozen=True, tag=True):
    id: int


class PersonName(msgspec.Struct, frozen=True, tag=True):
    """The beginning of one of the words of a person's name, or of several in a row."""

    name: str


Who = Me | Nobody | PersonId | PersonName


class Of(msgspec.Struct, frozen=True, tag=True):
    """Assigned to or reported by any of these."""

    role: Literal["assignee", "reporter"]
    people: tuple[Who, ...]


Part = Literal["assignee", "attachment", "comment", "description", "tag"]


class Has(msgspec.Struct, frozen=True, tag=True):
    part: Part


class Dated(msgspec.Struct, frozen=True, tag=True):
    """From the beginning of `since` to the beginning of `until`; None is no bound."""

    field: Literal["created", "updated", "closed"]
    since: date | None
    until: date | None


class Took(msgspec.Struct, frozen=True, tag=True):
    """Closed so many seconds after it was filed: at least the first, less than the second; None is no bound."""

    least: int | None
    below: int | None


class WasStatus(msgspec.Struct, frozen=True, tag=True):
    values: tuple[Status, ...]


class WasSeverity(msgspec.Struct, frozen=True, tag=True):
    values: tuple[Severity, ...]


class WasAssigned(msgspec.Struct, frozen=True, tag=True):
    people: tuple[Who, ...]


Node = (
    All
    | Any
    | Not
    | Words
    | Number
    | InStatus
    | InSeverity
    | Tagged
    | Of
    | Has
    | Dated
    | Took
    | WasStatus
    | WasSeverity
    | WasAssigned
)


class Query(msgspec.Struct, frozen=True):
    root: Node | None = None
    """None asks for nothing in particular: everything fits."""
    sort: Sort | None = None
    as_of: date | None = None
    """The day at whose beginning issues are looked at: the one after what `as-of:` names."""
    as_of_utc: bool = False
    """That day as UTC cuts it, whatever the zone of whoever asks."""


def leaves(node: Node | None) -> Iterator[Node]:
    """All that is asked for, however it is joined."""
    match node:
        case None:
            return
        case All(terms) | Any(terms):
            for term in terms:
                yield from leaves(term)
        case Not(term):
            yield from leaves(term)
        case _:
            yield node
