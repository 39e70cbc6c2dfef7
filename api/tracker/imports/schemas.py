"""What the API says of imports."""

from datetime import datetime
from typing import Annotated

import msgspec

from tracker.core.schema import Input, Output, PersonRef
from tracker.imports.csv_mapping import Mapping
from tracker.models import ImportSource, ImportState, Severity, Status


class ImportCounts(Output):
    """In issues, but for those that name something else."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    left_alone: int = 0
    broken: int = 0
    new_comments: int = 0
    changed_comments: int = 0
    missing_comments: int = 0
    new_people: int = 0
    duplicates: int = 0
    left_out: int = 0


class ImportView(Output):
    """One import of one file."""

    id: int
    source: ImportSource
    state: ImportState
    file_name: str
    size: int
    has_comments_file: bool
    created_by: PersonRef | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: float
    """From 0 to 1."""
    line: int
    counts: ImportCounts
    error: str | None
    mapping: Mapping | None


class ImportNoteView(Output):
    """What an import says about a line."""

    line: int
    is_error: bool
    message: str


class PreviewRow(Output):
    """How a row or line would be imported."""

    line: int
    title: str | None
    status: Status | None
    severity: Severity | None
    tags: list[str]
    reporter: str | None
    assignee: str | None
    created_at: datetime | None
    notes: list[str]
    broken: str | None


class ImportPreview(Output):
    """The beginning of a file, read as it would be imported."""

    source: ImportSource
    encoding: str | None
    separator: str | None
    columns: list[str]
    """Of a CSV file …"""
    samples: list[list[str]]
    """… and the cells of its first rows."""
    mapping: Mapping | None
    """What was asked for, or what is suggested; names are spelled as in the file."""
    statuses: dict[str, Status | None]
    """What the statuses that the beginning of a CSV file names would be; null for one that is not known …"""
    severities: dict[str, Severity | None]
    """… its severities …"""
    people: dict[str, str | None]
    """… and the e-mail addresses of those whom it only names."""
    rows: list[PreviewRow]


class PreviewRequest(Input):
    mapping: Mapping | None = None


class ImportStart(Input):
    """How to go on with an import that is planned."""

    dry_run: bool = False
    """Only find out what would be done."""
    mapping: Mapping | None = None
    """Needed for CSV."""


class UndoExtent(Output):
    """What undoing an import would take back."""

    issues: int
    comments: int
    changed: int
    people: int
    touched: list[int]
    touched_total: int


class UndoRequest(Input):
    force: Annotated[bool, msgspec.Meta(description="Even if people have worked with its issues since.")] = False
