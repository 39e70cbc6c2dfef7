"""The beginning of a file as it would be imported."""

from collections.abc import Generator, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from tracker.core.clock import utc_now
from tracker.core.errors import Invalid
from tracker.imports import csv_issues, github, jira
from tracker.imports.csv_issues import RowReader, Table, table_of
from tracker.imports.csv_mapping import Field, Mapping, spelled, suggested
from tracker.imports.reading import BrokenFile
from tracker.imports.schemas import ImportPreview, PreviewRow
from tracker.imports.source import Entry
from tracker.models import ImportBatch, ImportSource, Severity, Status

SHOWN = 10
ROWS, NAMES = 5000, 30
"""So many rows are looked through for the names of statuses, severities and people, and so many names are told."""

T = TypeVar("T")


def entries_of(batch: ImportBatch, file: Path, comments: Path | None, mapping: Mapping | None) -> Iterator[Entry]:
    """All that a file holds, read as its batch says.

    Raises:
        BrokenFile: it can't be read to its end.
        Invalid: nothing of it can be read, or it is not said what its columns mean.
    """
    match batch.source:
        case ImportSource.JIRA:
            return jira.read_entries(file)
        case ImportSource.GITHUB:
            return github.read_entries(file, comments)
        case ImportSource.CSV:
            table = read_table(file)
            return csv_issues.read_entries(table, require_mapping(table, mapping), batch.created_at)


def read_table(file: Path) -> Table:
    """How a CSV file is written, and its columns.

    Raises:
        Invalid: it can't be read.
    """
    try:
        return table_of(file)
    except BrokenFile as broken:
        raise Invalid(f"The file can't be read: {broken}") from None


def require_mapping(table: Table, mapping: Mapping | None) -> Mapping:
    """The mapping, if it fits the file.

    Raises:
        Invalid: it names no title, or columns that aren't there.
    """
    if mapping is None or Field.TITLE not in mapping.columns:
        raise Invalid.field("mapping.columns", "Say which column is the title.")
    for field, column in mapping.columns.items():
        if column not in table.header:
            raise Invalid.field(f"mapping.columns.{field}", "There is no such column.")
    return mapping


def preview_of(batch: ImportBatch, file: Path, mapping: Mapping | None) -> ImportPreview:
    """What the first lines of a file are; it may be cut off where it is long.

    Raises:
        Invalid: it can't be read, or the mapping doesn't fit.
    """
    table = read_table(file) if batch.source is ImportSource.CSV else None
    if table and mapping is None:
        mapping = suggested(table.header)
    is_mapped = table is None or (mapping is not None and Field.TITLE in mapping.columns)
    entries = entries_of(batch, file, None, mapping) if is_mapped else iter(())
    names = _Names(table, mapping) if table and mapping else None
    return ImportPreview(
        source=batch.source,
        encoding=table.dialect.encoding if table else None,
        separator=table.dialect.separator if table else None,
        columns=table.header if table else [],
        samples=[row.cells for row in _first(table.rows())] if table else [],
        mapping=names.mapping if names else mapping,
        statuses=names.statuses.meanings if names else {},
        severities=names.severities.meanings if names else {},
        people=names.people.meanings if names else {},
        rows=[_row_of(entry) for entry in _first(entries)],
    )


class _Told(Generic[T]):
    """Names in a table and what they mean, each once and as it comes first."""

    def __init__(self) -> None:
        self.meanings: dict[str, T | None] = {}
        self._names: dict[str, str] = {}

    def tell(self, name: str, meaning: T | None) -> None:
        if spelled(name) not in self._names and len(self._names) < NAMES:
            self._names[spelled(name)] = name
            self.meanings[name] = meaning

    def as_here(self, mapped: dict[str, T]) -> dict[str, T]:
        """The same, named as the table does: whoever takes a name out of it takes out what the table's name means."""
        return {self._names.get(spelled(name), name): meaning for name, meaning in mapped.items()}


class _Names:
    """The statuses, severities and people that a table names, and what they would be."""

    def __init__(self, table: Table, mapping: Mapping) -> None:
        self.statuses = _Told[Status]()
        self.severities = _Told[Severity]()
        self.people = _Told[str]()
        reader = RowReader(table.header, mapping, utc_now())
        try:
            for row in islice(table.rows(), ROWS):
                if status := reader.name_in(row, Field.STATUS):
                    self.statuses.tell(status, reader.status_of(status))
                if severity := reader.name_in(row, Field.SEVERITY):
                    self.severities.tell(severity, reader.severity_of(severity))
                for name, address in reader.people_in(row):
                    self.people.tell(name, address)
        except BrokenFile:  # where it was cut off
            pass
        self.mapping = msgspec.structs.replace(
            mapping,
            statuses=self.statuses.as_here(mapping.statuses),
            severities=self.severities.as_here(mapping.severities),
            people=self.people.as_here(mapping.people),
        )


def _first(items: Iterator[T]) -> Generator[T]:
    try:
        yield from islice(items, SHOWN)
    except BrokenFile:  # where the rest of it is to be seen
        return


def _row_of(entry: Entry) -> PreviewRow:
    issue = entry.issue
    created_at: datetime | None = issue and issue.created_at
    return PreviewRow(
        line=entry.line,
        title=issue and issue.title,
        status=issue and issue.status,
        severity=issue and issue.severity,
        tags=issue.tags if issue else [],
        reporter=issue and issue.reporter.full_name,
        assignee=issue and issue.assignee and issue.assignee.full_name,
        created_at=created_at,
        notes=["is a pull request: left out"] if entry.is_left_out else entry.notes,
        broken=entry.broken,
    )
