"""The SQL of the issue list: what depends on its shape, built once for each."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import Text

from tracker.accounts.viewer import Viewer
from tracker.core.paging import beyond
from tracker.core.statements import Statement, constant, parameter
from tracker.events.window import happened, since
from tracker.issues.queries import read_queries
from tracker.issues.rows import select_rows
from tracker.issues.visibility import any_viewer, visible_issues
from tracker.issues.words import Ways
from tracker.models import Issue, SearchDocument
from tracker.query.ast import Sort
from tracker.query.past import Look, issue_by_issue
from tracker.query.predicate import ToWords, condition_of, has_tags, moment_of
from tracker.query.text import held, matches, terms_of

COUNT_CAP = 10_000


class Asked(NamedTuple):
    """Queries, with all that their conditions depend on."""

    viewer: Viewer
    q: tuple[str, ...]
    zone: ZoneInfo
    today: date


class Shape(NamedTuple):
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
    asked: Asked | None
    ways: Ways
    past: Look | None
    """How to look at what all issues once were, if that is asked for and they are too many to go through."""


class Prepared(NamedTuple):
    page: Statement
    total: Statement
    sort: Sort
    thorough: Statement | None
    """Instead of a page that does not look far enough."""


@lru_cache(maxsize=1024)
def prepare(shape: Shape) -> Prepared:
    """The statements of a list, which take longer to build than to run.

    Raises:
        Invalid: a query makes no sense.
    """
    queries = read_queries(shape.asked.q, shape.asked.today) if shape.asked else ()
    sort = next((query.sort for query in queries if query.sort), shape.sort)
    viewer = any_viewer(is_staff=shape.is_staff)
    fields = _conditions(shape)

    def conditions(way: ToWords, look: Look) -> list[ColumnElement[bool]]:
        asked = shape.asked
        return [*fields, *(condition_of(query, asked.viewer, asked.zone, way, look) for query in queries if asked)]

    every = conditions(shape.ways.to_all, shape.past or issue_by_issue)
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
    first = page.where(begin, *conditions(shape.ways.to_first, issue_by_issue))
    thorough = None
    if shape.ways.common or shape.past:
        moments = [moment_of(query, shape.asked.zone) for query in queries if shape.asked and sort is Sort.NEWEST]
        early = [Issue.created_at < moment for moment in moments if moment]
        first = first.where(is_near(column, and_(begin, *early), order, descending=descending))
        found = select(Issue.id).where(begin, visible_issues(viewer), *every).correlate(None)
        thorough = Statement(page.where(Issue.id == any_(func.array(found.scalar_subquery()))))
    return Prepared(Statement(first), Statement(total), sort, thorough)


def _counted(shape: Shape, viewer: Viewer, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    words = shape.ways.alone
    wanted = None if words is None else terms_of(words)
    if wanted is None or shape.filters or shape.unassigned or shape.tags:
        return select(Issue.id).where(visible_issues(viewer), *conditions)
    # Issues in the trash have no document, and each tells whose the issue is.
    found = select(SearchDocument.issue_id)
    if shape.is_staff:
        return found.where(matches(wanted))
    return found.where(SearchDocument.reporter_id == viewer.id, held(wanted))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    columns: dict[str, ColumnElement[Any]] = {
        "statuses": Issue.status.expression,
        "severities": Issue.severity.expression,
        "reporters": Issue.reporter_id.expression,
        "assignees": Issue.assignee_id.expression,
    }
    conditions = {name: _is_among(columns[name], name, single=single) for name, single in shape.filters}
    if shape.tags:
        conditions["tags"] = has_tags(shape.tags, is_staff=shape.is_staff)
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


def is_near(
    column: ColumnElement[Any], begin: ColumnElement[bool], order: Any, *, descending: bool
) -> ColumnElement[bool]:
    """The issues that come next in the order, whether they fit or not: no walk goes on for ever."""
    reach: Any = parameter("reach", BigInteger)
    next_ones = select(column.label("value")).where(begin, Issue.deleted_at.is_(None)).order_by(*order).limit(reach)
    near = next_ones.subquery()
    if descending:
        return column >= select(func.min(near.c.value)).scalar_subquery()
    return column <= select(func.max(near.c.value)).scalar_subquery()
