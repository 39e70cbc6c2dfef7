"""What the columns of a CSV file mean, and what is suggested for a file that nobody has explained."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec

from tracker.core.schema import Input
from tracker.core.text import key_of
from tracker.models import Severity, Status

Name = Annotated[str, msgspec.Meta(max_length=1000)]


class Field(StrEnum):
    ID = "id"
    TITLE = "title"
    DESCRIPTION = "description"
    STATUS = "status"
    SEVERITY = "severity"
    TAGS = "tags"
    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"


class Mapping(Input):
    """How to read a CSV file."""

    columns: Annotated[
        dict[Field, Name], msgspec.Meta(description="Which column holds what, by its name in the first row.")
    ]
    statuses: Annotated[dict[Name, Status], msgspec.Meta(max_length=1000)] = {}
    """What the file's statuses are here."""
    severities: Annotated[dict[Name, Severity], msgspec.Meta(max_length=1000)] = {}
    people: Annotated[dict[Name, Name], msgspec.Meta(max_length=10_000)] = {}
    """E-mail addresses of those whom the file only names."""
    origin: Annotated[str, msgspec.Meta(max_length=50, pattern=r"\A[A-Za-z0-9._-]*\Z")] = ""
    """Names where the file comes from, if several sources count from 1."""
    day_first: bool = True
    """How `01/02/2026` is meant."""


_COLUMNS: dict[Field, tuple[str, ...]] = {
    Field.ID: ("id", "key", "issue key", "issue id", "number", "external id", "#", "identifier", "ticket", "nr"),
    Field.TITLE: ("title", "summary", "subject", "name", "titel"),
    Field.DESCRIPTION: ("description", "body", "details", "text", "content", "beschreibung"),
    Field.STATUS: ("status", "state", "column", "list"),
    Field.SEVERITY: ("severity", "priority", "priorität"),
    Field.TAGS: ("tags", "labels", "tag", "label", "keywords"),
    Field.REPORTER: ("reporter", "author", "creator", "created by", "opened by", "reporter email", "melder"),
    Field.ASSIGNEE: ("assignee", "assigned to", "owner", "assigned", "assignee email", "bearbeiter"),
    Field.CREATED: ("created", "created at", "created_at", "created on", "opened", "date", "erstellt"),
    Field.UPDATED: ("updated", "updated at", "updated_at", "updated on", "modified", "aktualisiert"),
    Field.CLOSED: ("closed", "closed at", "closed_at", "closed on", "resolved", "completed at", "geschlossen"),
}

_STATUSES = {
    Status.OPEN: ("open", "new", "to do", "todo", "backlog", "reopened", "unstarted", "offen", "neu"),
    Status.TRIAGED: ("triaged", "triage", "accepted", "confirmed", "planned", "ready", "selected for development"),
    Status.IN_PROGRESS: ("in progress", "started", "doing", "in review", "review", "active", "in arbeit"),
    Status.DONE: ("done", "closed", "resolved", "fixed", "completed", "complete", "finished", "erledigt"),
    Status.CANCELLED: (
        *("cancelled", "canceled", "wontfix", "won't fix", "won't do", "rejected", "invalid", "duplicate"),
        *("not planned", "abandoned", "declined"),
    ),
}
_SEVERITIES = {
    Severity.CRITICAL: ("critical", "blocker", "highest", "urgent", "immediate", "p0", "kritisch"),
    Severity.HIGH: ("high", "major", "p1", "hoch"),
    Severity.MEDIUM: ("medium", "normal", "none", "no priority", "p2", "mittel"),
    Severity.LOW: ("low", "minor", "trivial", "lowest", "p3", "p4", "niedrig"),
}
STATUS_OF = {name: status for status, names in _STATUSES.items() for name in names}
SEVERITY_OF = {name: severity for severity, names in _SEVERITIES.items() for name in names}


def spelled(name: str) -> str:
    """The form in which names in a file are compared."""
    return key_of(" ".join(name.replace("_", " ").split()))


def suggested(header: Sequence[str]) -> Mapping:
    """A mapping of the columns whose names say what they are."""
    names = {spelled(name): name for name in reversed(header)}
    columns = {
        field: _first(names[spelled(name)] for name in known if spelled(name) in names)
        for field, known in _COLUMNS.items()
    }
    return Mapping(columns={field: name for field, name in columns.items() if name})


def _first(names: Iterable[str]) -> str | None:
    return next(iter(names), None)
