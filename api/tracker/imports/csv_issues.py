"""The rows of a CSV file as issues, read as a mapping says."""

import hashlib
import re
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from tracker.accounts.schemas import EMAIL
from tracker.imports.csv_mapping import SEVERITY_OF, STATUS_OF, Field, Mapping, spelled
from tracker.imports.reading import BrokenFile
from tracker.imports.source import BrokenLine, Entry, SourceIssue, SourcePerson
from tracker.imports.tables import Dialect, Row, dialect_of, read_rows
from tracker.imports.texts import MAX_NAME_LENGTH, Note, in_utc, one_line, plain, tags_of, titled
from tracker.models import CLOSED_STATUSES, Severity, Status

_NAME_AND_ADDRESS = re.compile(r"(.*?)\s*[<(]\s*([^<>()\s]+@[^<>()\s]+)\s*[>)]")
_TAG_SEPARATORS = re.compile(r"[,;|\n]")
_TIME_FORMATS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%b/%y %I:%M %p",
    "%d/%b/%Y %I:%M %p",
    "%a %b %d %Y %H:%M:%S GMT%z",
    "%a, %d %b %Y %H:%M:%S %z",
)
_DAY_FIRST, _MONTH_FIRST = (
    tuple(f"{day}{time}" for time in ("", " %H:%M", " %H:%M:%S", " %I:%M %p")) for day in ("%d/%m/%Y", "%m/%d/%Y")
)
_WHOLE_ZONE = re.compile(r"\s*(UTC|Z)$", re.IGNORECASE)


class Table(msgspec.Struct, frozen=True):
    """A CSV file whose first row is known."""

    path: Path
    dialect: Dialect
    header: list[str]

    def rows(self) -> Generator[Row]:
        """The rows after the first.

        Raises:
            BrokenFile: the file can't be read to its end.
        """
        rows = read_rows(self.path, self.dialect)
        next(rows, None)
        yield from rows


def table_of(path: Path) -> Table:
    """Finds out how a file is written and what its columns are called.

    Raises:
        BrokenFile: there is no first row that could be read.
    """
    dialect = dialect_of(path)
    first = next(read_rows(path, dialect), None)
    if first is None:
        raise BrokenFile("there is no row that names the columns")
    if first.broken:
        raise BrokenFile(f"line {first.line} should name the columns: {first.broken}")
    return Table(path, dialect, [one_line(name) for name in first.cells])


def read_entries(table: Table, mapping: Mapping, now: datetime) -> Generator[Entry]:
    """Every row after the first as an issue.

    Args:
        table: the file.
        mapping: what its columns mean.
        now: when issues were created of which the file doesn't tell.

    Raises:
        BrokenFile: it can't be read to its end.
    """
    reader = RowReader(table.header, mapping, now)
    for row in table.rows():
        notes: list[str] = []
        try:
            issue = reader.read(row, notes.append)
        except BrokenLine as broken:
            yield Entry(line=row.line, position=row.position, broken=str(broken), notes=notes)
        else:
            yield Entry(line=row.line, position=row.position, issue=issue, notes=notes)


class RowReader:
    def __init__(self, header: Sequence[str], mapping: Mapping, now: datetime) -> None:
        self._width = len(header)
        self._mapping = mapping
        self._now = now
        # Some programs write a column for each tag, all of the same name.
        self._columns = {
            field: [position for position, name in enumerate(header) if name == column]
            for field, column in mapping.columns.items()
        }
        self._origin = f"csv:{mapping.origin}:" if mapping.origin else "csv:"
        self._statuses = STATUS_OF | {spelled(name): status for name, status in mapping.statuses.items()}
        self._severities = SEVERITY_OF | {spelled(name): severity for name, severity in mapping.severities.items()}
        self._people = {spelled(name): address.strip().lower() for name, address in mapping.people.items()}
        self._nobody = SourcePerson("csv:", "Unknown person")

    def read(self, row: Row, note: Note) -> SourceIssue:
        """Reads one row.

        Raises:
            BrokenLine: it can't be imported.
        """
        if row.broken:
            raise BrokenLine(row.broken)
        if any(cell.strip() for cell in row.cells[self._width :]):
            raise BrokenLine(f"has {len(row.cells)} values, but there are {self._width} columns")
        cells = row.cells
        for field in sorted(self._columns.keys() - {Field.TAGS}):
            if len(values := self._values(cells, field)) > 1:
                note(f"has {len(values)} values for the {field}: the first is taken")
        title, description = titled(
            self._value(cells, Field.TITLE), plain(self._value(cells, Field.DESCRIPTION)), "title", note
        )
        created, updated, closed = (self._time(cells, field) for field in (Field.CREATED, Field.UPDATED, Field.CLOSED))
        status = self._status(cells, note, was_closed=closed is not None)
        created_at = created or min(filter(None, (updated, closed)), default=self._now)
        closed_at = max(created_at, closed or updated or created_at) if status in CLOSED_STATUSES else None
        return SourceIssue(
            external_id=self._id(cells),
            title=title,
            description=description,
            status=status,
            severity=self._severity(cells, note),
            tags=tags_of(self._tags(cells), note),
            reporter=self._person(cells, Field.REPORTER) or self._nobody,
            assignee=self._person(cells, Field.ASSIGNEE),
            created_at=created_at,
            updated_at=max(filter(None, (created_at, updated, closed_at))),
            closed_at=closed_at,
            comments=[],
            missing_comments=0,
            duplicate_of=[],
            duplicated_by=[],
        )

    def status_of(self, name: str) -> Status | None:
        return self._statuses.get(spelled(name))

    def severity_of(self, name: str) -> Severity | None:
        return self._severities.get(spelled(name))

    def people_in(self, row: Row) -> Iterator[tuple[str, str | None]]:
        """Whom the row only names, with the address that the mapping has for them."""
        for field in (Field.REPORTER, Field.ASSIGNEE):
            value = one_line(self._value(row.cells, field))
            if value and not re.fullmatch(EMAIL, value.lower()) and not _NAME_AND_ADDRESS.fullmatch(value):
                yield value, self._people.get(spelled(value))

    def name_in(self, row: Row, field: Field) -> str:
        return " ".join(self._value(row.cells, field).split())

    def _values(self, cells: Sequence[str], field: Field) -> list[str]:
        return [cells[at] for at in self._columns.get(field, ()) if at < len(cells) and cells[at].strip()]

    def _value(self, cells: Sequence[str], field: Field) -> str:
        return next(iter(self._values(cells, field)), "")

    def _id(self, cells: Sequence[str]) -> str:
        """The row's own number; without one, what is written in it: the same row is the same issue."""
        if identity := one_line(self._value(cells, Field.ID))[:MAX_NAME_LENGTH]:
            return self._origin + identity
        if Field.ID in self._mapping.columns:
            raise BrokenLine(f"the {Field.ID} is empty")
        return f"{self._origin}row-{hashlib.sha256(msgspec.json.encode(cells)).hexdigest()[:24]}"

    def _status(self, cells: Sequence[str], note: Note, *, was_closed: bool) -> Status:
        value = self._value(cells, Field.STATUS)
        status = self.status_of(value) if value else None
        if status is None:
            status = Status.DONE if was_closed else Status.OPEN
            if value:
                note(f"the status {value!r} is unknown: imported as {status}")
        elif was_closed and status not in CLOSED_STATUSES:
            note(f"is {status}, but has a time at which it was closed: that is left out")
        return status

    def _severity(self, cells: Sequence[str], note: Note) -> Severity:
        value = self._value(cells, Field.SEVERITY)
        severity = self.severity_of(value) if value else Severity.MEDIUM
        if severity is None:
            note(f"the severity {value!r} is unknown: imported as {Severity.MEDIUM}")
        return severity or Severity.MEDIUM

    def _tags(self, cells: Sequence[str]) -> list[str]:
        values = self._values(cells, Field.TAGS)
        return [tag for value in values for tag in _TAG_SEPARATORS.split(value) if tag.strip()]

    def _person(self, cells: Sequence[str], field: Field) -> SourcePerson | None:
        value = one_line(self._value(cells, field))
        if not value:
            return None
        name, address = value, self._people.get(spelled(value), value.lower())
        if together := _NAME_AND_ADDRESS.fullmatch(value):
            name, address = together[1].strip("\"' ") or together[2], together[2].lower()
        email = address if re.fullmatch(EMAIL, address) else None
        identity = email or spelled(name)
        return SourcePerson(f"csv:{identity[:MAX_NAME_LENGTH]}", name[:MAX_NAME_LENGTH], email, has_origin=False)

    def _time(self, cells: Sequence[str], field: Field) -> datetime | None:
        value = " ".join(self._value(cells, field).split())
        if not value:
            return None
        for text in (value, _WHOLE_ZONE.sub("+00:00", value)):
            try:
                return in_utc(datetime.fromisoformat(text))
            except ValueError:
                continue
        for form in _TIME_FORMATS + (_DAY_FIRST if self._mapping.day_first else _MONTH_FIRST):
            try:
                return in_utc(datetime.strptime(value, form))  # noqa: DTZ007 (then it is taken for UTC)
            except ValueError:
                continue
        raise BrokenLine(f"{field}: {value!r} is not a time")
