"""A query as a condition on `issues`."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
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
from tracker.query.past import Look, Matching, changed, ended, issue_by_issue, value_then
from tracker.query.text import Way, group, holds, is_empty, is_wordy, without_empty_words

Condition = ColumnElement[bool]


ToWords = Callable[[ast.All], Way]
"""How to look up a group of words."""


def condition_of(
    query: ast.Query,
    viewer: Viewer,
    zone: ZoneInfo,
    way: ToWords = lambda _: "freely",
    look: Look = issue_by_issue,
) -> Condition:
    """What the query asks for; who may see it is for `visible_issues` to say.

    Words that are none to full text, like "the", find nothing by themselves; beside anything else they are left out.
    """
    as_of = moment_of(query, zone)
    conditions: list[Condition] = [] if as_of is None else [Issue.created_at < as_of]
    root = without_empty_words(query.root)
    if root is not None:
        conditions.append(_Predicate(viewer, zone, as_of, way, look).of(root))
    if query.root is not None and (root is None or all(map(is_empty, ast.leaves(root)))):
        conditions.append(false())
    return and_(true(), *conditions)


def moment_of(query: ast.Query, zone: ZoneInfo) -> datetime | None:
    """The one before which all must have happened that the query is about, if it is about the past."""
    return None if query.as_of is None else _midnight(query.as_of, ZoneInfo("UTC") if query.as_of_utc else zone)


class _Predicate:
    def __init__(self, viewer: Viewer, zone: ZoneInfo, as_of: datetime | None, way: ToWords, look: Look) -> None:
        self._viewer = viewer
        self._zone = zone
        self._as_of = as_of
        self._way = way
        self._look = look

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
                return or_(self.of(ast.InStatus(values)), self._ended_before("status", _is_any(values)))
            case ast.WasSeverity(values):
                return or_(self.of(ast.InSeverity(values)), self._ended_before("severity", _is_any(values)))
            case ast.WasAssigned(people):
                return or_(self._assigned(people), self._ended_before("assignee_id", self._are_any(people)))

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
            case ast.Has() | ast.InStatus() | ast.InSeverity() if self._as_of is None:
                return not_(self.of(node))  # never null, and as indexes have it
            case _:
                # Null, where there is no date or person to compare, is no.
                return not_(func.coalesce(self.of(node), false()))

    def _ended_before(self, field: str, matching: Matching) -> Condition:
        return self._look(ended(field, matching, before=self._as_of))

    def _now_or_then(self, field: str, column: Any, values: Sequence[str]) -> Condition:
        now = column.in_(values)
        return now if self._as_of is None else self._then(field, column, now, _is_any(values), self._as_of)

    def _then(self, field: str, column: Any, now: Condition, matching: Matching, as_of: datetime) -> Condition:
        then = matching(_text_in(value_then(field, column, as_of)))
        if self._look is issue_by_issue:
            return then
        # What was so then is so still, or a change has ended it since: only of those has to be found out which came first.
        return case((or_(now, self._look(ended(field, matching, since=as_of))), then), else_=false())

    def _tagged(self, names: Sequence[str]) -> Condition:
        keys = sorted({key_of(trimmed(name)) for name in names})
        now = has_tags(keys, is_staff=self._viewer.is_staff, any_will_do=True)
        if self._as_of is None:
            return now
        tag = func.jsonb_array_elements_text(self._tags_at(self._as_of)).table_valued("value", name="tag")
        wanted = [_key_of(literal(trimmed(name))) for name in names]
        then = exists(select(true()).select_from(tag).where(_key_of(tag.c.value).in_(wanted)))
        return case((self._look(changed("tags", self._as_of)), then), else_=now)

    def _tags_at(self, moment: datetime) -> ColumnElement[Any]:
        return value_then("tags", Issue.tags.expression, moment)

    def _assigned(self, people: Sequence[ast.Who]) -> Condition:
        now = self._among(Issue.assignee_id, people)
        if self._as_of is None:
            return now
        return self._then("assignee_id", Issue.assignee_id.expression, now, self._are_any(people), self._as_of)

    def _are_any(self, people: Sequence[ast.Who]) -> Matching:
        return lambda value: self._among(value, people, as_text=True)

    def _among(self, column: Any, people: Sequence[ast.Who], *, as_text: bool = False) -> Condition:
        found: list[Condition] = []
        ids: list[int] = []
        user_id: Any = cast(User.id, SqlText) if as_text else User.id
        for who in people:
            match who:
                case ast.Me():
                    ids.append(self._viewer.id)
                case ast.PersonId(id):
                    ids.append(id)
                case ast.Nobody():
                    found.append(column.is_(None))
                case ast.PersonName(name):
                    found.append(column.in_(select(user_id).where(_is_named(name))))
        if ids:
            found.append(column.in_([str(id) for id in ids] if as_text else ids))
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
                return Issue.description != literal_column("''")
            case "tag":
                now: Condition = func.cardinality(Issue.tags) > 0
                if self._viewer.is_staff:  # see `has_tags`
                    now = Issue.tag_keys != literal_column("'{}'")
                if self._as_of is None:
                    return now
                then = func.jsonb_array_length(self._tags_at(self._as_of)) > 0
                return case((self._look(changed("tags", self._as_of)), then), else_=now)

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


def has_tags(keys: Sequence[str], *, is_staff: bool, any_will_do: bool = False) -> Condition:
    """All of these tags, or any of them.

    They stand in the SQL itself, so that whoever plans it knows how common they are; but for backslashes, of which the
    database's settings say what they mean. Reporters have their own issues looked at one by one: the operators would let
    an index in that tells of everybody's, and takes the longer the more others have filed.
    """
    is_plain = not any("\\" in key for key in keys)
    wanted = bindparam(None, list(keys), ARRAY(SqlText), unique=True, literal_execute=is_plain)
    if is_staff:
        return Issue.tag_keys.overlap(wanted) if any_will_do else Issue.tag_keys.contains(wanted)
    return (func.arrayoverlap if any_will_do else func.arraycontains)(Issue.tag_keys, wanted)


def _is_any(values: Sequence[str]) -> Matching:
    return lambda value: value.in_([str(each) for each in values])


def _text_in(value: ColumnElement[Any]) -> ColumnElement[str]:
    """What JSON has for a number or a text; null for null."""
    return func.jsonb_build_array(value).op("->>")(literal_column("0"))


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
