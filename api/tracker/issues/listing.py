"""The issue list: filters, orders, keyset pages."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, any_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import Text

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import FieldError, Invalid
from tracker.core.paging import Moment, beyond, decode_cursor, encode_cursor
from tracker.core.reads import Reads
from tracker.core.schema import MAX_ID
from tracker.core.statements import Statement, constant, parameter
from tracker.core.text import key_of, trimmed
from tracker.events.window import happened, since
from tracker.issues.rows import row_of, select_rows
from tracker.issues.schemas import IssuePage
from tracker.issues.totals import Totals
from tracker.issues.visibility import visible_issues
from tracker.issues.words import Lookup, Ways, plan_lookup
from tracker.models import Issue, Role, SearchDocument, Severity, Status
from tracker.query.ast import Of, PersonName, Query, Sort, WasAssigned, leaves
from tracker.query.errors import QueryError
from tracker.query.parser import parse
from tracker.query.predicate import ToWords, condition_of, written_out
from tracker.query.text import held, matches, terms_of

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


class _Shape(NamedTuple):
    """What the SQL of a page depends on; all else are values in it."""

    is_staff: bool
    filters: frozenset[tuple[str, bool]]
    """Names of parameters, and whether each has a single value: with `=` the planner can read in order."""
    unassigned: bool
    tags: tuple[str, ...]
    """In the SQL itself: what a plan reads that is made for any tags differs by orders of magnitude between them."""
    is_first: bool
    size: int | None
    """In the SQL of a list of everything, whose plan is kept then: to make one takes longer than to read the page.

    Elsewhere the planner is to know how much is asked for of what, each time.
    """
    sort: Sort
    asked: "_Asked | None"
    ways: Ways


class _Asked(NamedTuple):
    """Queries, with all that their conditions depend on."""

    viewer: Viewer
    q: tuple[str, ...]
    zone: ZoneInfo
    today: date


class _Prepared(NamedTuple):
    page: Statement
    total: Statement
    sort: Sort
    thorough: Statement | None
    """Instead of a page that does not look far enough."""


class IssueList:
    """Lists issues for one viewer."""

    def __init__(self, reads: Reads, totals: Totals, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._reads = reads
        self._totals = totals
        self._viewer = viewer
        self._clock = clock

    async def page(self, filters: IssueFilters, *, sort: Sort, cursor: str | None, limit: int) -> IssuePage:
        """One page, in two statements at most whatever its size; in two more if it asks for words.

        A `sort:` in a query goes before the order given.

        Raises:
            Invalid: a query, a filter or the cursor makes no sense.
        """
        values, unassigned = self._values(filters)
        tags = tuple(sorted({key_of(trimmed(tag)) for tag in filters.tag}))
        given = frozenset((name, len(value) == 1) for name, value in values.items())
        asked, lookup = self._asked(filters), Lookup(Ways(self._viewer.is_staff), reach=0)
        if asked:
            lookup = await plan_lookup(self._reads, _read(asked), is_staff=self._viewer.is_staff, cap=COUNT_CAP)
        is_everything = self._viewer.is_staff and not (given or unassigned or tags or asked)
        size = limit + 1 if is_everything else None
        prepared = _prepare(
            _Shape(self._viewer.is_staff, given, unassigned, tags, not cursor, size, sort, asked, lookup.ways)
        )
        arguments = {name: value[0] if len(value) == 1 else value for name, value in values.items()}
        arguments["viewer_id"] = self._viewer.id
        if cursor:
            arguments["reached"], arguments["reached_id"] = _position(cursor, prepared.sort)
        scope = "all" if self._viewer.is_staff else self._viewer.id
        list_ = (scope, unassigned, tags, tuple((name, tuple(of)) for name, of in values.items()), asked)
        if asked and any(_names_people(query) for query in _read(asked)):
            list_ = None
        known = list_ and self._totals.of(list_)
        seen, latest = (known.seen, known.latest_id) if known else (None, None)
        arguments |= {"limit": limit + 1, "reach": lookup.reach, "seen": seen, "latest": latest}
        rows = await self._reads.fetch(prepared.page, **arguments)
        if prepared.thorough and len(rows) <= limit:
            rows = await self._reads.fetch(prepared.thorough, **arguments)
        if not cursor and len(rows) <= limit:
            total = len(rows)
        elif known and rows and not rows[0]["changed"]:
            total = known.issues
        elif lookup.is_capped and not (given or unassigned or tags):
            total = COUNT_CAP + 1
        else:
            counted = (await self._reads.fetch(prepared.total, **arguments))[0]
            total = counted["total"]
            if list_:
                self._totals.remember(list_, total, seen=counted["seen"], latest_id=counted["latest"])
        more, rows = len(rows) > limit, rows[:limit]
        return IssuePage(
            items=[row_of(row) for row in rows],
            next_cursor=_cursor_after(rows[-1], prepared.sort) if more else None,
            total=min(total, COUNT_CAP),
            total_is_capped=total > COUNT_CAP,
        )

    def _asked(self, filters: IssueFilters) -> _Asked | None:
        if not filters.q:
            return None
        viewer = Viewer(self._viewer.id, self._viewer.role)  # whatever their session
        return _Asked(viewer, filters.q, filters.zone, self._clock().astimezone(filters.zone).date())

    def _values(self, filters: IssueFilters) -> tuple[dict[str, list[Any]], bool]:
        """The values of the filters that were given, by the name of their parameter, and whether nobody is one."""
        values: dict[str, list[Any]] = {
            "statuses": list(filters.status),
            "severities": list(filters.severity),
            "reporters": self._people(filters.reporter, "reporter", "a person's id or `me`"),
            "assignees": self._people(
                [one for one in filters.assignee if one != "none"], "assignee", "a person's id, `me` or `none`"
            ),
        }
        return {name: value for name, value in values.items() if value}, "none" in filters.assignee

    def _people(self, values: Sequence[str], field: str, expected: str) -> list[int]:
        ids: set[int] = set()
        for value in values:
            if value == "me":
                ids.add(self._viewer.id)
            elif _PERSON_ID.fullmatch(value) and int(value) <= MAX_ID:
                ids.add(int(value))
            else:
                raise Invalid.field(field, f"Must be {expected}.")
        return sorted(ids)


@lru_cache(maxsize=1024)
def _prepare(shape: _Shape) -> _Prepared:
    """The statements of a list, which take longer to build than to run.

    Raises:
        Invalid: a query makes no sense.
    """
    queries = _read(shape.asked) if shape.asked else []
    sort = next((query.sort for query in queries if query.sort), shape.sort)
    viewer_id: Any = parameter("viewer_id", BigInteger)
    viewer = Viewer(id=viewer_id, role=Role.ADMIN if shape.is_staff else Role.REPORTER)
    fields = _conditions(shape)

    def conditions(way: ToWords) -> list[ColumnElement[bool]]:
        asked = shape.asked
        return [*fields, *(condition_of(query, asked.viewer, asked.zone, way) for query in queries if asked)]

    every = conditions(shape.ways.to_all)
    counted = _counted(shape, viewer, every).limit(constant(COUNT_CAP + 1)).subquery()
    here = cast(func.pg_current_snapshot(), Text).label("seen")
    issue = aliased(Issue)
    latest = select(issue.id).order_by(issue.id.desc()).limit(constant(1)).scalar_subquery()
    total = select(func.count().label("total"), here, latest.label("latest")).select_from(counted)
    column, descending = _sort_column(sort)
    order = (column.desc(), Issue.id.desc()) if descending else (column, Issue.id)
    limit: Any = constant(shape.size) if shape.size else parameter("limit", BigInteger)
    seen = parameter("seen", Text)
    # Whoever puts issues in by hand records no events.
    changed = or_(seen.is_(None), latest.is_distinct_from(parameter("latest", BigInteger)), happened(since(seen)))
    page = select_rows(viewer, changed.label("changed")).order_by(*order).limit(limit)
    begin = true()
    if not shape.is_first:
        reached = (parameter("reached", column.type), parameter("reached_id", BigInteger))
        begin = beyond((column, Issue.id), reached, descending=descending)
    first = page.where(begin, *conditions(shape.ways.to_first))
    thorough = None
    if shape.ways.common:
        first = first.where(_is_near(column, begin, order, descending=descending))
        found = select(Issue.id).where(begin, visible_issues(viewer), *every).correlate(None)
        thorough = Statement(page.where(Issue.id == any_(func.array(found.scalar_subquery()))))
    return _Prepared(Statement(first), Statement(total), sort, thorough)


def _counted(shape: _Shape, viewer: Viewer, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    words = shape.ways.alone
    wanted = None if words is None else terms_of(words)
    if wanted is None or shape.filters or shape.unassigned or shape.tags:
        return select(Issue.id).where(visible_issues(viewer), *conditions)
    # Issues in the trash have no document, and each tells whose the issue is.
    found = select(SearchDocument.issue_id)
    if shape.is_staff:
        return found.where(matches(wanted))
    return found.where(SearchDocument.reporter_id == viewer.id, held(wanted))


@lru_cache(maxsize=1024)
def _read(asked: _Asked) -> list[Query]:
    try:
        return [parse(text, asked.today) for text in asked.q]
    except QueryError as error:
        raise Invalid(errors=[FieldError(field="q", message=error.message, position=error.position)]) from None


def _names_people(query: Query) -> bool:
    """Whether what it finds may change without an event, as what people are called does."""
    asked = (leaf.people for leaf in leaves(query.root) if isinstance(leaf, Of | WasAssigned))
    return any(isinstance(who, PersonName) for people in asked for who in people)


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    columns: dict[str, ColumnElement[Any]] = {
        "statuses": Issue.status.expression,
        "severities": Issue.severity.expression,
        "reporters": Issue.reporter_id.expression,
        "assignees": Issue.assignee_id.expression,
    }
    conditions = {name: _is_among(columns[name], name, single=single) for name, single in shape.filters}
    if shape.tags:
        conditions["tags"] = Issue.tag_keys.contains(written_out(shape.tags))
    if shape.unassigned:
        nobody = Issue.assignee_id.is_(None)
        conditions["assignees"] = or_(nobody, conditions["assignees"]) if "assignees" in conditions else nobody
    return [conditions[name] for name in sorted(conditions)]


def _is_among(column: ColumnElement[Any], name: str, *, single: bool) -> ColumnElement[bool]:
    if single:
        return column == parameter(name, column.type)
    return column == any_(parameter(name, ARRAY(column.type)))


def _sort_column(sort: Sort) -> tuple[ColumnElement[Any], bool]:
    columns: dict[str, ColumnElement[Any]] = {
        "created": Issue.created_at.expression,
        "updated": Issue.updated_at.expression,
        "severity": Issue.severity.expression,
    }
    return columns[sort.removeprefix("-")], sort.startswith("-")


def _is_near(
    column: ColumnElement[Any], begin: ColumnElement[bool], order: Any, *, descending: bool
) -> ColumnElement[bool]:
    """The issues that come next in the order, whether they fit or not: no walk goes on for ever."""
    reach: Any = parameter("reach", BigInteger)
    next_ones = select(column.label("value")).where(begin, Issue.deleted_at.is_(None)).order_by(*order).limit(reach)
    near = next_ones.subquery()
    if descending:
        return column >= select(func.min(near.c.value)).scalar_subquery()
    return column <= select(func.max(near.c.value)).scalar_subquery()


def _cursor_after(row: Any, sort: Sort) -> str:
    columns = {"created": "created_at", "updated": "updated_at", "severity": "severity"}
    return encode_cursor(sort, row[columns[sort.removeprefix("-")]], row["id"])


def _position(cursor: str, sort: Sort) -> tuple[datetime | Severity, int]:
    shape: Any = tuple[Sort, Severity if sort in {Sort.MOST_SEVERE, Sort.LEAST_SEVERE} else Moment, int]
    made_for, value, issue_id = decode_cursor(cursor, shape)
    if made_for is not sort:
        raise Invalid.field("cursor", "This cursor belongs to another sort order. Begin again without one.")
    return value, issue_id
