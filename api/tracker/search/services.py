"""Search for one viewer."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import FieldError, Invalid, NotFound
from tracker.core.text import parts_of
from tracker.issues.rows import row_of, select_rows
from tracker.issues.visibility import visible_issues
from tracker.models import Issue
from tracker.query import ast
from tracker.query.errors import QueryError
from tracker.query.parser import parse
from tracker.query.predicate import condition_of
from tracker.query.text import Condition, is_wordy, without_empty_words
from tracker.search.highlights import Highlights
from tracker.search.ranking import Ranking, conjunction, disjunction
from tracker.search.schemas import Fragment, SearchHit, SearchResults, SimilarIssue, SimilarIssues
from tracker.search.terms import Term, read_terms

LEAST_SCORE = 0.15
"""What an issue has to reach that does not hold all words."""
SIMILAR_CANDIDATES = 1000
MOST_TERMS = 6
"""So many of the rarest words decide which issues are compared."""


class Search:
    """Finds issues that the viewer may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
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
        asked = ast.Query(root=ast.All(others) if others else None, as_of=query.as_of)
        where = [condition_of(asked, self._viewer, zone)] if others or query.as_of else []
        is_begun = bool(words) and text.endswith(words[-1])
        terms = await read_terms(self._session, words, is_begun=is_begun)
        if not terms:
            return SearchResults(items=await self._latest(where, limit=limit) if where and not words else [])
        rows = await self._ranked(terms, " ".join(words), where, limit=limit)
        marks = Highlights(self._session, disjunction([term.any(with_slips=True) for term in terms]))
        shown = await marks.of([row.id for row in rows])
        return SearchResults(
            items=[
                SearchHit(
                    issue=row_of(row), title=shown[row.id][0], excerpt=shown[row.id][1], score=round(row.score, 3)
                )
                for row in rows
                if row.id in shown
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
        query = select(Issue.title).where(Issue.id == issue_id, visible_issues(self._viewer))
        title = await self._session.scalar(query)
        if title is None:
            raise NotFound
        return await self._similar(title, limit=limit, but=issue_id)

    def _read(self, text: str, zone: ZoneInfo) -> ast.Query:
        try:
            return parse(text, self._clock().astimezone(zone).date())
        except QueryError as error:
            raise Invalid(errors=[FieldError(field="q", message=error.message, position=error.position)]) from None

    async def _latest(self, where: Sequence[Condition], *, limit: int) -> list[SearchHit]:
        """Where there are no words to rank by."""
        query = select_rows(self._viewer).where(*where).order_by(Issue.updated_at.desc(), Issue.id.desc()).limit(limit)
        return [
            SearchHit(issue=row_of(row), title=[Fragment(text=row.title, hit=False)], excerpt=None, score=0)
            for row in await self._session.execute(query)
        ]

    async def _ranked(
        self, terms: Sequence[Term], title: str, where: Sequence[Condition], *, limit: int
    ) -> list[Row[Any]]:
        """First those that hold all words; then, if there are not enough, those that hold some, or slips of them."""
        ranking = Ranking(self._session, self._viewer)
        weighed, estimates = await ranking.weigh(terms)
        every = conjunction([term.any(with_slips=False) for term in terms])
        is_common = bool(estimates.matching) and estimates.is_common(estimates.matching[-1])
        rows = [*await ranking.best(weighed, every, is_common=is_common, title=title, limit=limit, where=where)]
        if len(rows) == limit or is_common:
            return rows
        ranking = Ranking(self._session, self._viewer, with_slips=True)
        more = await self._like(ranking, terms, title, where, limit=limit)
        known = {row.id for row in rows}
        return rows + [row for row in more if row.id not in known and row.score >= LEAST_SCORE][: limit - len(rows)]

    async def _like(
        self,
        ranking: Ranking,
        terms: Sequence[Term],
        title: str,
        where: Sequence[Condition],
        *,
        limit: int,
        candidates: int = SIMILAR_CANDIDATES,
    ) -> Sequence[Row[Any]]:
        """By the rarest words; if all are common, by all of them together."""
        weighed, estimates = await ranking.weigh(terms)
        rarest = sorted(weighed, key=lambda term: term.expected)[:MOST_TERMS]
        rare = [term for term in rarest if not self._viewer.is_staff or not estimates.is_common(term.expected)]
        searches = [each.term.any(with_slips=True) for each in rare or weighed]
        return await ranking.best(
            weighed,
            disjunction(searches) if rare else conjunction(searches),
            is_common=not rare,
            title=title,
            limit=limit,
            candidates=candidates,
            where=where,
        )

    async def _similar(self, title: str, *, limit: int, but: int | None = None) -> SimilarIssues:
        terms = await read_terms(self._session, parts_of(title), is_begun=False)
        if not terms:
            return SimilarIssues(items=[])
        where = [] if but is None else [Issue.id != but]
        rows = await self._like(Ranking(self._session, self._viewer), terms, title, where, limit=limit)
        return SimilarIssues(items=[SimilarIssue(issue=row_of(row), score=round(row.score, 3)) for row in rows])


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
