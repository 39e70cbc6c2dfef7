"""The SQL of the issue list: what depends on its shape, built once for each."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    any_,
    bindparam,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
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
from tracker.models import Issue, SearchDocument, Severity, Status
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
    statuses: tuple[Status, ...]
    severities: tuple[Severity, ...]
    tags: tuple[str, ...]
    """In the SQL itself, as those: what a plan reads that is made for any differs by orders of magnitude between them."""
    people: frozenset[tuple[str, bool]]
    """Names of parameters, and whether each has a single value: with `=` the planner can read in order."""
    unassigned: bool
    is_first: bool
    size: int | None
    """In the SQL that has no values left but those of the cursor: its plan is kept then, and to make one takes longer
    than to read the page. Elsewhere the planner is to know how much is asked for of what, each time.
    """
    sort: Sort
    asked: Asked | None
    ways: Ways
    past: Look | None
    """How to look at what all issues once were, if that is asked for and they are too many to go through."""

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for beside queries."""
        return bool(self.statuses or self.severities or self.tags or self.people or self.unassigned)


class Dear(NamedTuple):
    """What there is to a total that may take long."""

    cost: Statement
    """Explains it."""
    least: Statement
    """Instead of it: how many there are among the latest issues."""


class Prepared(NamedTuple):
    page: Statement
    total: Statement
    dear: Dear | None
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
    first = conditions(shape.ways.to_first, issue_by_issue)
    moments = [moment for query in queries if shape.asked and (moment := moment_of(query, shape.asked.zone))]
    early = [Issue.created_at < moment for moment in moments]
    issue = aliased(Issue)
    latest = select(issue.id).order_by(issue.id.desc()).limit(constant(1)).scalar_subquery()
    counted = _counted(shape, viewer, every)
    total = _total(counted, latest)
    dear = None
    if shape.is_staff and shape.asked:
        near = _latest_ones(early)
        least = _total(select(Issue.id).where(visible_issues(viewer), _is_in(near), *first), latest, _is_full(near))
        dear = Dear(Statement(total, explained=True), Statement(least))
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
    fit = [begin, *first]
    thorough = None
    if shape.ways.common or shape.past:
        start = and_(begin, *early) if sort is Sort.NEWEST else begin
        fit.append(is_near(column, start, order, descending=descending))
        found = select(Issue.id).where(begin, visible_issues(viewer), *every).correlate(None)
        thorough = Statement(page.where(_is_in(found)))
    if shape.size and (shape.tags or not shape.is_first):
        # By an index alone, if it has all that is asked for. A plan that reads issues to find them is thought the dearer
        # the less is known of where to begin, so it would not be kept.
        next_ones = select(Issue.id).where(visible_issues(viewer), *fit).order_by(*order).limit(limit).correlate(None)
        fit = [_is_in(next_ones)]
    return Prepared(Statement(page.where(*fit)), Statement(total), dear, sort, thorough)


def _total(
    counted: Select[Any], latest: ColumnElement[int], is_least: ColumnElement[bool] | None = None
) -> Select[Any]:
    up_to_cap = counted.limit(constant(COUNT_CAP + 1)).subquery()
    here = cast(func.pg_current_snapshot(), Text).label("seen")
    there_may_be_more = (false() if is_least is None else is_least).label("is_least")
    return select(func.count().label("total"), there_may_be_more, here, latest.label("latest")).select_from(up_to_cap)


def _latest_ones(early: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """As many as `reach`."""
    order, reach = (Issue.created_at.desc(), Issue.id.desc()), parameter("reach", BigInteger)
    limit: Any = reach
    return select(Issue.id).where(Issue.deleted_at.is_(None), *early).order_by(*order).limit(limit).correlate(None)


def _is_full(ones: Select[Any]) -> ColumnElement[bool]:
    number = select(func.count()).select_from(ones.subquery()).scalar_subquery()
    return number == parameter("reach", BigInteger)


def _is_in(ids: Select[Any]) -> ColumnElement[bool]:
    return Issue.id == any_(func.array(ids.scalar_subquery()))


def _counted(shape: Shape, viewer: Viewer, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    words = shape.ways.alone
    wanted = None if words is None else terms_of(words)
    if wanted is None or shape.narrows:
        return select(Issue.id).where(visible_issues(viewer), *conditions)
    # Issues in the trash have no document, and each tells whose the issue is.
    found = select(SearchDocument.issue_id)
    if shape.is_staff:
        return found.where(matches(wanted))
    return found.where(SearchDocument.reporter_id == viewer.id, held(wanted))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shape.statuses:
        conditions.append(Issue.status.in_(_constants(shape.statuses)))
    if shape.severities:
        conditions.append(Issue.severity.in_(_constants(shape.severities)))
    if shape.tags:
        conditions.append(has_tags(shape.tags, is_staff=shape.is_staff))
    columns: dict[str, ColumnElement[Any]] = {
        "reporters": Issue.reporter_id.expression,
        "assignees": Issue.assignee_id.expression,
    }
    people = {name: _is_among(columns[name], name, single=single) for name, single in shape.people}
    if shape.unassigned:
        nobody = Issue.assignee_id.is_(None)
        people["assignees"] = or_(nobody, people["assignees"]) if "assignees" in people else nobody
    return conditions + [people[name] for name in sorted(people)]


def _constants(values: Sequence[str]) -> BindParameter[Any]:
    return bindparam(None, values, unique=True, expanding=True, literal_execute=True)


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
