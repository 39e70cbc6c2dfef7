"""A query as a condition on `issues`."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import ARRAY

from tracker.accounts.viewer import Viewer
from tracker.core.text import key_of, trimmed
from tracker.models import Issue, User
from tracker.query import ast
from tracker.query.past import ever_was, value_then
from tracker.query.text import Way, group, holds, is_empty, is_wordy, without_empty_words

Condition = ColumnElement[bool]


ToWords = Callable[[ast.All], Way]
"""How to look up a group of words."""


def condition_of(query: ast.Query, viewer: Viewer, zone: ZoneInfo, way: ToWords = lambda _: "freely") -> Condition:
    """What the query asks for; who may see it is for `visible_issues` to say.

    Words that are none to full text, like "the", find nothing by themselves; beside anything else they are left out.
    """
    as_of = None if query.as_of is None else _midnight(query.as_of, ZoneInfo("UTC") if query.as_of_utc else zone)
    conditions: list[Condition] = [] if as_of is None else [Issue.created_at < as_of]
    root = without_empty_words(query.root)
    if root is not None:
        conditions.append(_Predicate(viewer, zone, as_of, way).of(root))
    if query.root is not None and (root is None or all(map(is_empty, ast.leaves(root)))):
        conditions.append(false())
    return and_(true(), *conditions)


class _Predicate:
    def __init__(self, viewer: Viewer, zone: ZoneInfo, as_of: datetime | None, way: ToWords) -> None:
        self._viewer = viewer
        self._zone = zone
        self._as_of = as_of
        self._way = way

    def of(self, node: ast.Node) -> Condition:  # noqa: C901, PLR0911, PLR0912
        match node:
            case ast.All(terms):
                return self._all(terms)
            case ast.Any(terms) if not is_wordy(node):
                return or_(false(), *map(self.of, terms))
            case ast.Not(term):
                return self._without(term)
            case ast.Any() | ast.Words():
                return self._all((node,))
            case ast.Number(issue_id):
                return Issue.id == issue_id
            case ast.InStatus(values):
                return self._now_or_then("status", Issue.status, values)
            case ast.InSeverity(values):
                return self._now_or_then("severity", Issue.severity, values)
            case ast.Tagged(names):
                return self._tagged(names)
            case ast.Of("reporter", people):
                return self._among(Issue.reporter_id, people)
            case ast.Of(_, people):
                return self._assigned(people)
            case ast.Has(part):
                return self._has(part)
            case ast.Dated(field, since, until):
                return self._dated(field, since, until)
            case ast.Took(least, below):
                return self._took(least, below)
            case ast.WasStatus(values):
                return or_(self.of(ast.InStatus(values)), ever_was("status", _is_any(values), self._as_of))
            case ast.WasSeverity(values):
                return or_(self.of(ast.InSeverity(values)), ever_was("severity", _is_any(values), self._as_of))
            case ast.WasAssigned(people):
                return or_(self._assigned(people), ever_was("assignee_id", self._is_among(people), self._as_of))

    def _all(self, terms: tuple[ast.Node, ...]) -> Condition:
        wordy, others = group(terms)
        found = [holds(wordy, self._way(wordy))] if wordy else []
        return and_(true(), *found, *map(self.of, others))

    def _without(self, node: ast.Node) -> Condition:
        """Negations go down to the words, which are looked up in another way."""
        match node:
            case ast.All(terms):
                return or_(false(), *map(self._without, terms))
            case ast.Any(terms):
                return and_(true(), *map(self._without, terms))
            case ast.Not(term):
                return self.of(term)
            case ast.Words():
                # Most issues that are come by otherwise lack what they must not hold.
                return not_(func.coalesce(holds(ast.All((node,)), "row by row"), false()))
            case _:
                # Null, where there is no date or person to compare, is no.
                return not_(func.coalesce(self.of(node), false()))

    def _now_or_then(self, field: str, column: Any, values: Sequence[str]) -> Condition:
        if self._as_of is None:
            return column.in_(values)
        return _is_any(values)(value_then(field, column, self._as_of))

    def _tagged(self, names: Sequence[str]) -> Condition:
        if self._as_of is None:
            keys = sorted({key_of(trimmed(name)) for name in names})
            return Issue.tag_keys.overlap(written_out(keys))
        tag = func.jsonb_array_elements_text(self._tags_then()).table_valued("value", name="tag")
        wanted = [_key_of(literal(trimmed(name))) for name in names]
        return exists(select(true()).select_from(tag).where(_key_of(tag.c.value).in_(wanted)))

    def _tags_then(self) -> ColumnElement[Any]:
        assert self._as_of is not None  # noqa: S101
        return value_then("tags", Issue.tags.expression, self._as_of)

    def _assigned(self, people: Sequence[ast.Who]) -> Condition:
        if self._as_of is None:
            return self._among(Issue.assignee_id, people)
        return self._is_among(people)(value_then("assignee_id", Issue.assignee_id.expression, self._as_of))

    def _is_among(self, people: Sequence[ast.Who]) -> Callable[[ColumnElement[Any]], Condition]:
        """The same of a person's id in JSON."""
        return lambda value: self._among(cast(func.jsonb_build_array(value).op("->>")(0), BigInteger), people)

    def _among(self, column: Any, people: Sequence[ast.Who]) -> Condition:
        found: list[Condition] = []
        ids: list[int] = []
        for who in people:
            match who:
                case ast.Me():
                    ids.append(self._viewer.id)
                case ast.PersonId(id):
                    ids.append(id)
                case ast.Nobody():
                    found.append(column.is_(None))
                case ast.PersonName(name):
                    found.append(column.in_(select(User.id).where(_is_named(name))))
        if ids:
            found.append(column.in_(ids))
        return or_(false(), *found)

    def _has(self, part: ast.Part) -> Condition:
        match part:
            case "assignee":
                return not_(self._assigned([ast.Nobody()]))
            case "attachment":
                return Issue.attachment_count > literal_column("0")  # as its index has it
            case "comment":
                return Issue.comment_count > 0
            case "description":
                return Issue.description != ""
            case "tag" if self._as_of:
                return func.jsonb_array_length(self._tags_then()) > 0
            case "tag":
                return func.cardinality(Issue.tags) > 0

    def _dated(self, field: str, since: date | None, until: date | None) -> Condition:
        column: Any = {"created": Issue.created_at, "updated": Issue.updated_at, "closed": Issue.closed_at}[field]
        bounds: list[Condition] = [column.is_not(None)]
        if since:
            bounds.append(column >= _midnight(since, self._zone))
        if until:
            bounds.append(column < _midnight(until, self._zone))
        return and_(*bounds)

    def _took(self, least: int | None, below: int | None) -> Condition:
        took: Any = Issue.closed_at - Issue.created_at
        bounds: list[Condition] = [Issue.closed_at.is_not(None)]
        if least is not None:
            bounds.append(took >= timedelta(seconds=least))
        if below is not None:
            bounds.append(took < timedelta(seconds=below))
        return and_(*bounds)


def written_out(tags: Sequence[str]) -> ColumnElement[Any]:
    """In the SQL itself, so that whoever plans it knows how common they are.

    But for backslashes, of which the database's settings say what they mean.
    """
    is_plain = not any("\\" in tag for tag in tags)
    return bindparam(None, list(tags), ARRAY(SqlText), unique=True, literal_execute=is_plain)


def _is_any(values: Sequence[str]) -> Callable[[ColumnElement[Any]], Condition]:
    return lambda value: func.jsonb_build_array(value).op("->>")(0).in_([str(each) for each in values])


def _key_of(text: ColumnElement[str]) -> ColumnElement[str]:
    """What `key_of` gives, but for rare letters: PostgreSQL before 18 can't fold them."""
    lower = func.lower(func.normalize(text, literal_column("NFKC")))
    return func.replace(func.translate(lower, "ς", "σ"), "ß", "ss")  # noqa: RUF001 (Greek letters)


def _is_named(name: str) -> Condition:
    """Names that have this at the beginning, or at the beginning of one of their words."""
    wanted = f" {' '.join(name.split())}"
    return func.strpos(func.concat(" ", func.lower(User.full_name)), func.lower(wanted)) > 0


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins; before all that can be, for days that have no moment in UTC."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
