"""The issue list: filters, orders, keyset pages."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import FieldError, Invalid
from tracker.core.paging import Moment, beyond, decode_cursor, encode_cursor
from tracker.core.schema import MAX_ID
from tracker.core.text import key_of, trimmed
from tracker.issues.rows import row_of, select_rows
from tracker.issues.schemas import IssuePage
from tracker.issues.visibility import visible_issues
from tracker.models import Issue, Severity, Status
from tracker.query.ast import Query, Sort
from tracker.query.errors import QueryError
from tracker.query.parser import parse
from tracker.query.predicate import condition_of

COUNT_CAP = 10_000
_PERSON_ID = re.compile(r"[1-9][0-9]{0,18}")


class IssueFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What to list. Several values of one field mean any of them; several tags or queries mean all of them."""

    q: tuple[str, ...] = ()
    """In the query language."""
    zone: ZoneInfo = ZoneInfo("UTC")
    """Cuts the days that `q` names."""
    status: tuple[Status, ...] = ()
    severity: tuple[Severity, ...] = ()
    tag: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    """Ids, `me`, `none`."""
    reporter: tuple[str, ...] = ()
    """Ids, `me`."""


class IssueList:
    """Lists issues for one viewer."""

    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._clock = clock

    async def page(self, filters: IssueFilters, *, sort: Sort, cursor: str | None, limit: int) -> IssuePage:
        """One page, in two statements whatever its size. A `sort:` in a query goes before the order given."""
        queries = self._read(filters)
        sort = next((query.sort for query in queries if query.sort), sort)
        conditions = self._conditions(filters)
        conditions += [condition_of(query, self._viewer, filters.zone) for query in queries]
        column, descending = _sort_column(sort)
        query = select_rows(self._viewer).where(*conditions).limit(limit + 1)
        if cursor:
            query = query.where(beyond((column, Issue.id), _position(cursor, sort), descending=descending))
        order = (column.desc(), Issue.id.desc()) if descending else (column, Issue.id)
        rows = (await self._session.execute(query.order_by(*order))).all()
        more, rows = len(rows) > limit, rows[:limit]
        total = await self._count(conditions)
        return IssuePage(
            items=[row_of(row) for row in rows],
            next_cursor=_cursor_after(rows[-1], sort) if more else None,
            total=min(total, COUNT_CAP),
            total_is_capped=total > COUNT_CAP,
        )

    async def _count(self, conditions: list[ColumnElement[bool]]) -> int:
        counted = select(Issue.id).where(visible_issues(self._viewer), *conditions).limit(COUNT_CAP + 1).subquery()
        return await self._session.scalar(select(func.count()).select_from(counted)) or 0

    def _read(self, filters: IssueFilters) -> list[Query]:
        """The queries, all of which have to be met.

        Raises:
            Invalid: one of them makes no sense.
        """
        today = self._clock().astimezone(filters.zone).date()
        try:
            return [parse(text, today) for text in filters.q]
        except QueryError as error:
            raise Invalid(errors=[FieldError(field="q", message=error.message, position=error.position)]) from None

    def _conditions(self, filters: IssueFilters) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if filters.status:
            conditions.append(Issue.status.in_(filters.status))
        if filters.severity:
            conditions.append(Issue.severity.in_(filters.severity))
        if filters.tag:
            keys = sorted({key_of(trimmed(tag)) for tag in filters.tag})
            conditions.append(Issue.tag_keys.contains(cast(keys, ARRAY(Text))))
        if filters.assignee:
            conditions.append(
                self._person(filters.assignee, "assignee", Issue.assignee_id.expression, none_allowed=True)
            )
        if filters.reporter:
            conditions.append(
                self._person(filters.reporter, "reporter", Issue.reporter_id.expression, none_allowed=False)
            )
        return conditions

    def _person(
        self, values: tuple[str, ...], field: str, column: ColumnElement[Any], *, none_allowed: bool
    ) -> ColumnElement[bool]:
        ids: set[int] = set()
        alternatives: list[ColumnElement[bool]] = []
        for value in values:
            if value == "me":
                ids.add(self._viewer.id)
            elif value == "none" and none_allowed:
                alternatives.append(column.is_(None))
            elif _PERSON_ID.fullmatch(value) and int(value) <= MAX_ID:
                ids.add(int(value))
            else:
                raise Invalid.field(field, f"Must be a person's id, `me`{' or `none`' if none_allowed else ''}.")
        return or_(false(), column.in_(ids) if ids else false(), *alternatives)


def _sort_column(sort: Sort) -> tuple[ColumnElement[Any], bool]:
    columns: dict[str, ColumnElement[Any]] = {
        "created": Issue.created_at.expression,
        "updated": Issue.updated_at.expression,
        "severity": Issue.severity.expression,
    }
    return columns[sort.removeprefix("-")], sort.startswith("-")


def _cursor_after(row: Any, sort: Sort) -> str:
    values = {"created": row.created_at, "updated": row.updated_at, "severity": row.severity}
    return encode_cursor(sort, values[sort.removeprefix("-")], row.id)


def _position(cursor: str, sort: Sort) -> tuple[datetime | Severity, int]:
    shape: Any = tuple[Sort, Severity if sort in {Sort.MOST_SEVERE, Sort.LEAST_SEVERE} else Moment, int]
    made_for, value, issue_id = decode_cursor(cursor, shape)
    if made_for is not sort:
        raise Invalid.field("cursor", "This cursor belongs to another sort order. Begin again without one.")
    return value, issue_id
