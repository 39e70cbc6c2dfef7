"""Search for one viewer."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Record
from sqlalchemy import BigInteger, Integer, select, true

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import FieldError, Invalid, NotFound
from tracker.core.reads import Reads
from tracker.core.statements import Statement, parameter
from tracker.core.text import parts_of
from tracker.issues.list_statements import COUNT_CAP, is_near
from tracker.issues.rows import row_of, select_rows
from tracker.issues.visibility import any_viewer, visible_issues
from tracker.issues.words import plan_lookup
from tracker.models import Issue
from tracker.query import ast
from tracker.query.errors import QueryError
from tracker.query.parser import parse
from tracker.query.predicate import condition_of
from tracker.query.text import is_wordy, without_empty_words
from tracker.search.highlights import Marks, texts_of
from tracker.search.own_words import OwnWordsKept
from tracker.search.ranking import PHRASE_REACH, Narrowing, Ranking
from tracker.search.schemas import Fragment, SearchHit, SearchResults, SimilarIssue, SimilarIssues
from tracker.search.terms import Term, read_terms
from tracker.search.tsquery import all_of, any_of

LEAST_SCORE = 0.15
"""What an issue has to reach that does not hold all words."""
SIMILAR_CANDIDATES = 1000
MOST_HOLDING = 2 * SIMILAR_CANDIDATES
"""Words of more issues than this are left out: else the newest that hold them would crowd out all others."""
MOST_TERMS = 6
"""So many of the rarest words decide which issues are compared."""


class Search:
    """Finds issues that the viewer may see."""

    def __init__(self, reads: Reads, kept: OwnWordsKept, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._reads = reads
        self._kept = kept
        self._viewer = Viewer(viewer.id, viewer.role)  # whatever their session
        self._clock = clock

    async def find(self, text: str, *, zone: ZoneInfo, limit: int) -> SearchResults:
        """The best issues for a query: by its words, among those that the rest of it asks for.

        Raises:
            Invalid: the query makes no sense.
        """
        query = self._read(text, zone)
        root = without_empty_words(query.root)
        if query.root is not None and root is None:
            return SearchResults(items=[])
        words, others = _split(root)
        rest = ast.Query(root=ast.All(others) if others else None, as_of=query.as_of, as_of_utc=query.as_of_utc)
        narrowing = await self._narrowing(rest, zone) if others or query.as_of else None
        is_begun = bool(words) and text.endswith(words[-1])
        terms = await read_terms(self._reads, self._kept, self._viewer, words, is_begun=is_begun)
        if not terms:
            return SearchResults(items=await self._latest(narrowing, limit=limit) if narrowing and not words else [])
        search = any_of(term.any(with_slips=True) for term in terms)
        rows = await self._ranked(terms, " ".join(words), narrowing, limit=limit, marks=search)
        marks = Marks(search)
        await marks.read(self._reads, texts_of(rows))
        return SearchResults(
            items=[
                SearchHit(
                    issue=row_of(row),
                    title=marks.title(row["title"]),
                    excerpt=marks.excerpt(row),
                    score=round(row["score"], 3),
                )
                for row in rows
            ]
        )

    async def similar_to_title(self, title: str, *, limit: int) -> SimilarIssues:
        """Issues that may already say what somebody is about to file under this title."""
        return await self._similar(title, limit=limit)

    async def similar_to(self, issue_id: int, *, limit: int) -> SimilarIssues:
        """Issues that may say the same as this one.

        Raises:
            NotFound: the viewer can't see the issue.
        """
        found = await self._reads.fetch(_TITLE[self._viewer.is_staff], issue_id=issue_id, viewer_id=self._viewer.id)
        if not found:
            raise NotFound
        return await self._similar(found[0]["title"], limit=limit, but=issue_id)

    def _read(self, text: str, zone: ZoneInfo) -> ast.Query:
        try:
            return parse(text, self._clock().astimezone(zone).date())
        except QueryError as error:
            raise Invalid(errors=[FieldError(field="q", message=error.message, position=error.position)]) from None

    async def _narrowing(self, query: ast.Query, zone: ZoneInfo) -> Narrowing:
        lookup = await plan_lookup(self._reads, [query], is_staff=self._viewer.is_staff, cap=COUNT_CAP)
        return Narrowing(query, zone, self._viewer, lookup.ways)

    async def _latest(self, narrowing: Narrowing, *, limit: int) -> list[SearchHit]:
        """Where there are no words to rank by."""
        rows = await self._reads.fetch(_latest(narrowing), limit=limit, reach=PHRASE_REACH)
        return [
            SearchHit(issue=row_of(row), title=[Fragment(text=row["title"], hit=False)], excerpt=None, score=0)
            for row in rows
        ]

    async def _ranked(
        self, terms: Sequence[Term], title: str, narrowing: Narrowing | None, *, limit: int, marks: str
    ) -> list[Record]:
        """First those that hold all words; then, if there are not enough, those that hold some, or slips of them."""
        ranking = Ranking(self._reads, self._viewer, narrowing)
        weighed, estimates = await ranking.weigh(terms)
        every = all_of(term.any(with_slips=False) for term in terms)
        expected = estimates.matching[-1] if estimates.matching else 0
        rows = await ranking.best(weighed, every, estimates, expected=expected, title=title, limit=limit, marks=marks)
        if len(rows) == limit:
            return rows
        ranking = Ranking(self._reads, self._viewer, narrowing, with_slips=True)
        more = await self._like(ranking, terms, title, limit=limit, marks=marks)
        known = {row["id"] for row in rows}
        return (
            rows + [row for row in more if row["id"] not in known and row["score"] >= LEAST_SCORE][: limit - len(rows)]
        )

    async def _like(
        self,
        ranking: Ranking,
        terms: Sequence[Term],
        title: str,
        *,
        limit: int,
        but: int | None = None,
        marks: str | None = None,
    ) -> list[Record]:
        """By the rarest words; if all are common, by all of them together."""
        weighed, estimates = await ranking.weigh(terms)
        rarest = sorted(weighed, key=lambda each: each.expected)[:MOST_TERMS]
        rare = [each for each in rarest if each.expected <= MOST_HOLDING]
        searches = [each.term.any(with_slips=True) for each in rare or weighed]
        return await ranking.best(
            weighed,
            any_of(searches) if rare else all_of(searches),
            estimates,
            expected=sum(each.expected for each in rare) or (estimates.matching[-1] if estimates.matching else 0),
            title=title,
            limit=limit,
            candidates=SIMILAR_CANDIDATES,
            but=but,
            marks=marks,
        )

    async def _similar(self, title: str, *, limit: int, but: int | None = None) -> SimilarIssues:
        terms = await read_terms(self._reads, self._kept, self._viewer, parts_of(title), is_begun=False)
        if not terms:
            return SimilarIssues(items=[])
        rows = await self._like(Ranking(self._reads, self._viewer), terms, title, limit=limit, but=but)
        return SimilarIssues(items=[SimilarIssue(issue=row_of(row), score=round(row["score"], 3)) for row in rows])


def _select_title(*, is_staff: bool) -> Statement:
    issue_id: Any = parameter("issue_id", BigInteger)
    return Statement(select(Issue.title).where(Issue.id == issue_id, visible_issues(any_viewer(is_staff=is_staff))))


_TITLE = {is_staff: _select_title(is_staff=is_staff) for is_staff in (True, False)}


@lru_cache(maxsize=1024)
def _latest(narrowing: Narrowing) -> Statement:
    query, zone, viewer, ways = narrowing
    limit: Any = parameter("limit", Integer)
    order = (Issue.updated_at.desc(), Issue.id.desc())
    found = select_rows(viewer).where(condition_of(query, viewer, zone, ways.to_first)).order_by(*order).limit(limit)
    if ways.common:
        found = found.where(is_near(Issue.updated_at.expression, true(), order, descending=True))
    return Statement(found)


def _split(root: ast.Node | None) -> tuple[list[str], tuple[ast.Node, ...]]:
    """The words by which to rank, and what has to be met. Those on either side of an `or` are words as any others."""
    terms = () if root is None else root.terms if isinstance(root, ast.All) else (root,)
    plain = [term for term in terms if is_wordy(term) and not (isinstance(term, ast.Words) and term.is_phrase)]
    return [word for term in plain for word in _words_in(term)], tuple(term for term in terms if term not in plain)


def _words_in(node: ast.Node) -> Iterator[str]:
    match node:
        case ast.All(terms) | ast.Any(terms):
            for term in terms:
                yield from _words_in(term)
        case ast.Words(text):
            yield text
        case _:
            return
