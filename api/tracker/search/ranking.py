"""Which issues fit some terms best.

Only so many candidates are compared: all that hold rare words, the newest that hold common ones.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import CTE, ColumnElement, Row, any_, case, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.issues.rows import select_rows
from tracker.issues.visibility import visible_issues
from tracker.models import Issue, SearchDocument
from tracker.query.estimates import Estimates, estimates_of, select_estimates
from tracker.query.text import Condition, TsQuery, matches
from tracker.search.terms import Term

CANDIDATES = 300
REACH = 20_000
"""How many of the newest issues are looked through for common words."""
FIELDS = {"a": 1.0, "b": 0.8, "c": 0.5, "d": 0.35}
"""What a word is worth in title, tags and file names, description, comments."""
LOOSE = 0.7
"""What a word is worth that is not quite the one asked for."""
TITLE = 0.5
"""What it is worth, beside all this, that the titles are spelt alike."""


class Weighed(msgspec.Struct):
    """A term, and what it says: the rarer, the more."""

    term: Term
    expected: float
    weight: float


class Ranking:
    """Compares issues for one viewer."""

    def __init__(self, session: AsyncSession, viewer: Viewer, *, with_slips: bool = False) -> None:
        self._session = session
        self._viewer = viewer
        self._with_slips = with_slips

    async def weigh(self, terms: Sequence[Term]) -> tuple[list[Weighed], Estimates]:
        """Reporters' words all weigh the same, because how rare they are is told by the issues of others."""
        if not self._viewer.is_staff:
            return [Weighed(term, 0, 1) for term in terms], Estimates(0, [])
        searches = [self._any(term) for term in terms]
        row = (await self._session.execute(select_estimates([*searches, conjunction(searches)]))).one()
        estimates = estimates_of(row)
        pairs = zip(terms, estimates.matching, strict=False)
        weighed = [Weighed(term, rows, math.log(2 + estimates.issues / max(1, rows))) for term, rows in pairs]
        return weighed, estimates

    async def best(
        self,
        terms: Sequence[Weighed],
        search: TsQuery,
        *,
        is_common: bool,
        title: str,
        limit: int,
        candidates: int = CANDIDATES,
        where: Sequence[Condition] = (),
    ) -> Sequence[Row[Any]]:
        """The issues' rows, each with `score`, best first.

        Args:
            terms: what to compare by.
            search: what candidates have to hold.
            is_common: whether very many do.
            title: what their titles are compared with.
            limit: how many to answer.
            candidates: how many to compare.
            where: further conditions on the issues.
        """
        parts = self._parts(search, is_common=is_common, candidates=candidates, where=where)
        total = sum(weighed.weight for weighed in terms) or 1
        score: ColumnElement[float] = literal(0.0)
        for weighed in terms:
            score += weighed.weight / total * self._worth(parts, weighed.term)
        likeness = func.similarity(Issue.title, title)
        score = ((score + TITLE * likeness) / (1 + TITLE)).label("score")
        rows = (
            select_rows(self._viewer, score)
            .join(parts, parts.c.issue_id == Issue.id)
            .order_by(score.desc(), Issue.id.desc())
            .limit(limit)
        )
        return (await self._session.execute(rows)).all()

    def _parts(self, search: TsQuery, *, is_common: bool, candidates: int, where: Sequence[Condition]) -> CTE:
        """The candidates' documents by part, each read once."""
        issue_id, document = SearchDocument.issue_id.expression, SearchDocument.document.expression
        found = select(issue_id, document)
        # A function, because the operator would let the index in.
        held = func.ts_match_vq(document, search)
        if not self._viewer.is_staff:
            found = found.where(SearchDocument.reporter_id == self._viewer.id, held)
        elif not is_common:
            holding = select(issue_id).where(matches(search)).correlate(None).scalar_subquery()
            found = found.where(issue_id == any_(func.array(holding)))
        elif where:
            found = found.where(held)
        else:
            newest = found.order_by(issue_id.desc()).limit(REACH).subquery("newest")
            issue_id, document = newest.c.issue_id, newest.c.document
            found = select(issue_id, document).where(func.ts_match_vq(document, search))
        if where:
            found = found.join(Issue, Issue.id == issue_id).where(visible_issues(self._viewer), *where)
        chosen = found.order_by(issue_id.desc()).limit(candidates).subquery("chosen")
        parts = [func.ts_filter(chosen.c.document, text(f"'{{{field}}}'")).label(field) for field in FIELDS]
        read = select(chosen.c.issue_id, *parts).cte("parts")
        return read.prefix_with("MATERIALIZED")

    def _worth(self, parts: CTE, term: Term) -> ColumnElement[float]:
        """What the best place is worth at which the term stands."""
        exact, loose = term.exact(), term.loose(with_slips=self._with_slips)
        places = [(parts.c[field].bool_op("@@")(exact), worth) for field, worth in FIELDS.items()]
        if loose is not None:
            places += [(parts.c[field].bool_op("@@")(loose), LOOSE * worth) for field, worth in FIELDS.items()]
        places.sort(key=lambda place: -place[1])
        return case(*places, else_=0.0)

    def _any(self, term: Term) -> TsQuery:
        return term.any(with_slips=self._with_slips)


def conjunction(searches: Sequence[TsQuery]) -> TsQuery:
    whole, *others = searches
    for search in others:
        whole = whole.op("&&")(search)
    return whole


def disjunction(searches: Sequence[TsQuery]) -> TsQuery:
    whole, *others = searches
    for search in others:
        whole = whole.op("||")(search)
    return whole
