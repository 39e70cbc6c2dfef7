"""All issues of a query as a file, however many they are."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar.serialization import encode_json
from sqlalchemy import func, select

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.database import Sessions
from tracker.issues.queries import read_queries
from tracker.issues.rows import select_rows, view_of
from tracker.issues.schemas import IssueView
from tracker.models import Issue
from tracker.query.predicate import condition_of

REACH, ROWS = 5_000, 100
"""How many numbers a step looks through at most, so that none takes long, and how many issues it reads at most, because
descriptions may be large."""

COLUMNS = (
    "id",
    "title",
    "status",
    "severity",
    "tags",
    "reporter",
    "assignee",
    "duplicate_of",
    "created_at",
    "updated_at",
    "closed_at",
    "comment_count",
    "attachment_count",
    "description",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take a text for a formula; in East Asia the wide forms of these signs do so, too."""

Lines = AsyncIterator[bytes]


class Export:
    """Reads issues in steps, oldest first. Between two steps it holds no connection, whoever is slow to take them."""

    def __init__(self, sessions: Sessions, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._sessions = sessions
        self._viewer = viewer
        self._clock = clock

    def as_ndjson(self, queries: Sequence[str], zone: ZoneInfo) -> Lines:
        """Each issue as one line of JSON.

        Raises:
            Invalid: a query makes no sense.
        """
        return self._lines(self._conditions(queries, zone), lambda issues: b"".join(map(_json_line, issues)))

    def as_csv(self, queries: Sequence[str], zone: ZoneInfo) -> Lines:
        """The same as rows of a table, with a first one that names the columns."""
        return self._lines(self._conditions(queries, zone), _csv_rows, head=_csv_row(COLUMNS))

    def _conditions(self, queries: Sequence[str], zone: ZoneInfo) -> list[Any]:
        today = self._clock().astimezone(zone).date()
        asked = read_queries(tuple(queries), today)
        return [condition_of(query, self._viewer, zone, lambda _: "row by row") for query in asked]

    async def _lines(
        self, conditions: Sequence[Any], encode: Callable[[list[IssueView]], bytes], head: bytes = b""
    ) -> Lines:
        if head:
            yield head
        async with self._sessions() as session:
            last = await session.scalar(select(func.max(Issue.id))) or 0
        reached = 0
        while reached < last:
            end = min(reached + REACH, last)
            step = (
                select_rows(self._viewer, Issue.description)
                .where(Issue.id > reached, Issue.id <= end, *conditions)
                .order_by(Issue.id)
                .limit(ROWS)
            )
            async with self._sessions() as session:
                issues = [view_of(row) for row in await session.execute(step)]
            if issues:
                yield encode(issues)
            reached = issues[-1].id if len(issues) == ROWS else end


def _json_line(issue: IssueView) -> bytes:
    return encode_json(issue) + b"\n"


def _csv_rows(issues: Sequence[IssueView]) -> bytes:
    return b"".join(_csv_row([_cell(issue, column) for column in COLUMNS]) for issue in issues)


def _cell(issue: IssueView, column: str) -> str:
    value: Any = getattr(issue, column)
    match column, value:
        case _, None:
            return ""
        case "reporter" | "assignee", person:
            text = person.full_name
        case "tags", tags:
            text = ", ".join(tags)
        case _, datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            text = str(value)
    return no_formula(text)


def no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv_row(cells: Sequence[str]) -> bytes:
    row = io.StringIO()
    csv.writer(row).writerow(cells)
    return row.getvalue().encode()
