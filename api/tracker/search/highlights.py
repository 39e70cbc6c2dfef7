"""What of an issue to show for a search: pieces of plain text, some of which hit."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import ARRAY

from tracker.models import Comment, Issue
from tracker.query.text import TsQuery
from tracker.search.schemas import Excerpt, Fragment

BEGIN, END = "\x02", "\x03"
LENGTH = 200


class Highlights:
    """Of issues that were found, for the words that they were found by."""

    def __init__(self, session: AsyncSession, search: TsQuery) -> None:
        self._session = session
        self._search = search

    async def of(self, issue_ids: Sequence[int]) -> dict[int, tuple[list[Fragment], Excerpt | None]]:
        """Title and excerpt by issue."""
        excerpt = func.search_excerpt
        query = select(
            Issue.id,
            excerpt(Issue.title, self._search, type_=ARRAY(TEXT())),
            excerpt(Issue.description, self._search, type_=ARRAY(TEXT())),
        ).where(Issue.id.in_(issue_ids))
        found: dict[int, tuple[list[Fragment], Excerpt | None]] = {}
        for issue_id, title, description in await self._session.execute(query):
            fragments = fragments_of(*description)
            hits = any(fragment.hit for fragment in fragments)
            found[issue_id] = (
                fragments_of(*title),
                Excerpt(source="description", comment_id=None, fragments=fragments) if hits else None,
            )
        unseen = [issue_id for issue_id, (_, shown) in found.items() if shown is None]
        for issue_id, shown in (await self._in_comments(unseen)).items():
            found[issue_id] = (found[issue_id][0], shown)
        return found

    async def _in_comments(self, issue_ids: Sequence[int]) -> dict[int, Excerpt]:
        """From each issue's latest comment that holds one of the words."""
        if not issue_ids:
            return {}
        latest = (
            select(func.max(Comment.id))
            .where(Comment.issue_id.in_(issue_ids), Comment.search.bool_op("@@")(self._search))
            .group_by(Comment.issue_id)
        )
        query = select(
            Comment.issue_id, Comment.id, func.search_excerpt(Comment.body, self._search, type_=ARRAY(TEXT()))
        ).where(Comment.id.in_(latest))
        return {
            issue_id: Excerpt(source="comment", comment_id=comment_id, fragments=fragments_of(*shown))
            for issue_id, comment_id, shown in await self._session.execute(query)
        }


def fragments_of(plain: str, marked: str) -> list[Fragment]:
    """The text with its hits.

    Args:
        plain: as people wrote it.
        marked: the same, character by character, but for punctuation, and with marks around the hits.
    """
    pieces = groupby(zip(plain[:LENGTH], _hits(marked), strict=False), key=lambda pair: pair[1])
    return [Fragment(text="".join(char for char, _ in piece), hit=hit) for hit, piece in pieces]


def _hits(marked: str) -> Iterator[bool]:
    hit = False
    for char in marked:
        if char in {BEGIN, END}:
            hit = char == BEGIN
        else:
            yield hit
