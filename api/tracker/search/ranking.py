"""Which issues fit some terms best.

Only so many candidates are compared, the newest of those that hold what is searched for.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Record
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    not_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from tracker.accounts.viewer import Viewer
from tracker.core.reads import Reads
from tracker.core.statements import Statement, parameter
from tracker.issues.rows import select_rows
from tracker.issues.visibility import any_viewer, visible_issues
from tracker.issues.words import Ways
from tracker.models import Comment, Issue, SearchDocument
from tracker.query import ast
from tracker.query.estimates import ALL_ISSUES, Estimates
from tracker.query.predicate import condition_of
from tracker.query.text import held, matches
from tracker.search.terms import Term
from tracker.search.tsquery import all_of, standing_in

CANDIDATES = 200
PHRASE_REACH = 5000
"""In how many issues a phrase of common words is looked for: the last that were filed, or changed where nothing ranks them."""
AHEAD = 2
"""How many times as many issues are looked through at first as should do to find the candidates."""
PLACES = {"A": 1.0, "B": 0.8, "C": 0.5, "D": 0.35}
"""What a word is worth in title, tags and file names, description, comments."""
LOOSE = 0.7
"""What a word is worth that is not quite the one asked for."""
TITLE = 0.5
"""What it is worth, beside all this, that the titles are spelt alike."""
SHORTLIST = 40
"""For how many of the best this is found out, which takes longer than all else."""
LONGEST_EXCERPTED = 30_000
"""How much of a text is looked through for what to show of it."""

_WORTHS = sorted(
    [(False, place, worth) for place, worth in PLACES.items()]
    + [(True, place, LOOSE * worth) for place, worth in PLACES.items()],
    key=lambda one: -one[2],
)
"""Whether it is the loose search that stands in a place of the document, and what that is worth; the best first."""
HEAD = "AB"
"""Places that are worth more than all others, however loosely they hold a word."""
_AT_HEAD = [each for each in _WORTHS if each[1] in HEAD]
_BELOW = [each for each in _WORTHS if each[1] not in HEAD]


class Weighed(msgspec.Struct):
    """A term, and what it says: the rarer, the more."""

    term: Term
    expected: float
    weight: float


class Narrowing(NamedTuple):
    """What else candidates have to meet, with all that this depends on."""

    query: ast.Query
    zone: ZoneInfo
    viewer: Viewer
    ways: Ways
    """To look up its phrases, of which only the texts tell whether their words stand next to each other."""


class _Shape(NamedTuple):
    """What the SQL depends on; all else are values in it."""

    is_staff: bool
    narrowing: Narrowing | None
    is_common: bool
    with_texts: bool


class Ranking:
    """Compares issues for one viewer."""

    def __init__(
        self, reads: Reads, viewer: Viewer, narrowing: Narrowing | None = None, *, with_slips: bool = False
    ) -> None:
        self._reads = reads
        self._viewer = viewer
        self._narrowing = narrowing
        self._with_slips = with_slips

    async def weigh(self, terms: Sequence[Term]) -> tuple[list[Weighed], Estimates]:
        """Reporters' words all weigh the same, because how rare they are is told by the issues of others."""
        if not self._viewer.is_staff:
            return [Weighed(term, 0, 1) for term in terms], Estimates(0, [])
        searches = [term.any(with_slips=self._with_slips) for term in terms]
        together = [all_of(searches)] if len(searches) > 1 else []
        rows = await self._reads.estimate(_EXPECTED, searches=[*searches, *together])
        estimates = Estimates(max(1, rows[0]["issues"]), [row["expected"] for row in rows])
        pairs = zip(terms, estimates.matching, strict=False)
        weighed = [Weighed(term, rows, math.log(2 + estimates.issues / max(1, rows))) for term, rows in pairs]
        return weighed, estimates

    async def best(
        self,
        terms: Sequence[Weighed],
        search: str,
        estimates: Estimates,
        *,
        expected: float,
        title: str,
        limit: int,
        candidates: int = CANDIDATES,
        but: int | None = None,
        marks: str | None = None,
    ) -> list[Record]:
        """The issues' rows, each with `score`, best first.

        Args:
            terms: what to compare by.
            search: what candidates have to hold.
            estimates: of the database.
            expected: how many may hold it.
            title: what their titles are compared with.
            limit: how many to answer.
            candidates: how many to compare.
            but: an issue to leave out.
            marks: what to give texts for, in `description` or in `comment_id` and `comment`, that hold it.
        """
        is_common = self._viewer.is_staff and estimates.is_common(max(1, expected))
        statement = _prepare(_Shape(self._viewer.is_staff, self._narrowing, is_common, marks is not None))
        total = sum(weighed.weight for weighed in terms) or 1
        arguments: dict[str, Any] = {
            "viewer_id": self._viewer.id,
            "search": search,
            "candidates": candidates,
            "expected": float(expected),
            "reach": math.ceil(AHEAD * candidates * estimates.issues / max(1, expected)),
            "but": but,
            "title": title,
            "limit": limit,
            "weights": [weighed.weight / total for weighed in terms],
            "marks": marks,
            "marks_c": marks and standing_in(marks, "C"),
            "marks_d": marks and standing_in(marks, "D"),
        }
        exact = [weighed.term.search or None for weighed in terms]
        loose = [weighed.term.loose(with_slips=self._with_slips) for weighed in terms]
        anyhow = [weighed.term.any(with_slips=self._with_slips) for weighed in terms]
        arguments["head"] = [standing_in(each, HEAD) or None for each in anyhow]
        for is_loose, place, _ in _WORTHS:
            searches = loose if is_loose else exact
            arguments[_name(place, is_loose=is_loose)] = [each and standing_in(each, place) for each in searches]
        return await self._reads.fetch(statement, **arguments)


def _name(place: str, *, is_loose: bool) -> str:
    return f"{'loose' if is_loose else 'exact'}_{place.lower()}"


def _expected() -> Statement:
    asked = (
        func.unnest(parameter("searches", ARRAY(Text)))
        .table_valued("search", with_ordinality="number", name="asked")
        .render_derived()
    )
    expected: ColumnElement[float] = func.expected_documents(cast(asked.c.search, TSQUERY), type_=Float())
    return Statement(select(ALL_ISSUES.label("issues"), expected.label("expected")).order_by(asked.c.number))


_EXPECTED = _expected()


@lru_cache(maxsize=1024)
def _prepare(shape: _Shape) -> Statement:
    viewer = any_viewer(is_staff=shape.is_staff)
    chosen = _candidates(shape, viewer).cte("chosen").prefix_with("MATERIALIZED")
    names = ["head", *(_name(place, is_loose=is_loose) for is_loose, place, _ in _WORTHS)]
    asked: Any = (
        func.unnest(parameter("weights", ARRAY(Float)), *(parameter(name, ARRAY(Text)) for name in names))
        .table_valued("weight", *names, name="asked")
        .render_derived()
    )
    searches: list[Any] = [cast(asked.c[name], TSQUERY).label(name) for name in names]
    terms = select(asked.c.weight, *searches).cte("terms").prefix_with("MATERIALIZED")
    holds = chosen.c.document.bool_op("@@")
    at_head, below = (
        [(holds(terms.c[_name(place, is_loose=is_loose)]), literal(worth)) for is_loose, place, worth in of_part]
        for of_part in (_AT_HEAD, _BELOW)
    )
    # Most hold a word below only. It takes a while to look for it in a long document: not four times at the head first.
    worth = func.coalesce(case((holds(terms.c.head), case(*at_head))), case(*below, else_=literal(0.0)))
    fit: ColumnElement[float] = func.sum(terms.c.weight * worth)
    shortlist = (
        select(chosen.c.issue_id, fit.label("fit"))
        .join_from(chosen, terms, true())
        .group_by(chosen.c.issue_id)
        .order_by(fit.desc(), chosen.c.issue_id.desc())
        .limit(func.greatest(SHORTLIST, parameter("limit", Integer)))
        .cte("shortlist")
    )
    likeness = func.similarity(Issue.title, parameter("title", Text))
    score: ColumnElement[float] = ((shortlist.c.fit + TITLE * likeness) / (1 + TITLE)).label("score")
    limit: Any = parameter("limit", Integer)
    best = (
        select(Issue.id, score)
        .join(shortlist, shortlist.c.issue_id == Issue.id)
        .where(visible_issues(viewer))
        .order_by(score.desc(), Issue.id.desc())
        .limit(limit)
        .cte("best")
    )
    ranked = (
        select_rows(viewer, best.c.score)
        .join(best, best.c.id == Issue.id)
        .order_by(best.c.score.desc(), Issue.id.desc())
        .limit(limit)
    )
    return Statement(_with_texts(ranked) if shape.with_texts else ranked)


def _candidates(shape: _Shape, viewer: Viewer) -> Select[Any]:
    issue_id, document = SearchDocument.issue_id.expression, SearchDocument.document.expression
    search = cast(parameter("search", Text), TSQUERY)
    limit, but = parameter("candidates", Integer), parameter("but", BigInteger)
    found = select(issue_id, document).where(issue_id.is_distinct_from(but))
    if not shape.is_staff:
        found = found.where(SearchDocument.reporter_id == viewer.id, held(search))
    elif shape.narrowing is None:
        newest = func.newest_holding(search, limit, parameter("expected", Float), parameter("reach", BigInteger))
        return found.where(issue_id == any_(func.array(select(func.unnest(newest)).scalar_subquery())))
    elif shape.is_common:
        found = found.where(held(search))
    else:
        holding = select(issue_id).where(matches(search)).correlate(None).scalar_subquery()
        found = found.where(issue_id == any_(func.array(holding)))
    if shape.narrowing:
        query, zone, asker, ways = shape.narrowing
        meets = condition_of(query, asker, zone, ways.to_first)
        found = found.join(Issue, Issue.id == issue_id).where(visible_issues(viewer), meets)
        if ways.common:
            newest = select(func.max(SearchDocument.issue_id)).correlate(None).scalar_subquery()
            found = found.where(issue_id > newest - literal(PHRASE_REACH, literal_execute=True))
    return found.order_by(issue_id.desc()).limit(limit)


def _with_texts(ranked: Select[Any]) -> Select[Any]:
    """Documents tell where the marked words stand: no text is read in vain.

    All with limits, so that they are looked up for the rows that are answered, and not for all candidates.
    """
    rows = ranked.subquery("ranked")
    document = select(SearchDocument.document).where(SearchDocument.issue_id == rows.c.id).limit(1).lateral("held")
    in_description, in_comments = (
        document.c.document.bool_op("@@")(cast(parameter(name, Text), TSQUERY)) for name in ("marks_c", "marks_d")
    )
    description = select(func.left(Issue.description, LONGEST_EXCERPTED)).where(Issue.id == rows.c.id).limit(1)
    comment = (
        select(Comment.id, func.left(Comment.body, LONGEST_EXCERPTED).label("body"))
        .where(Comment.issue_id == rows.c.id, Comment.search.bool_op("@@")(cast(parameter("marks", Text), TSQUERY)))
        .order_by(Comment.id.desc())
        .limit(1)
        .lateral("comment")
    )
    return (
        select(
            *rows.c,
            case((in_description, description.scalar_subquery())).label("description"),
            comment.c.id.label("comment_id"),
            comment.c.body.label("comment"),
        )
        .select_from(rows)
        .join(document, true())
        .outerjoin(comment, and_(not_(in_description), in_comments))
        .order_by(rows.c.score.desc(), rows.c.id.desc())
    )
