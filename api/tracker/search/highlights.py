"""What of an issue to show for a search: pieces of plain text, some of which hit."""

import re
from collections.abc import Iterable, Iterator, Sequence

from asyncpg import Record
from sqlalchemy import ARRAY, Text, text

from tracker.core.reads import Reads
from tracker.core.statements import Statement, parameter
from tracker.search.schemas import Excerpt, Fragment
from tracker.search.tsquery import beginnings_in, lexemes_in

BEFORE, LENGTH = 60, 200
"""How much of a text is shown before its first hit, and in all."""
_WORD = re.compile(r"[^\W_]+")
_SAME_LETTERS = 3
"""With as many letters a word begins as its stem does, but for the last of the stem: "categories" is "categori"."""

_STEMS = Statement(
    text("""
    SELECT word, tsvector_to_array(to_tsvector('english', word)) AS lexemes FROM unnest(:words) AS word
    """).bindparams(parameter("words", ARRAY(Text)))
)


class Marks:
    """What to mark in the texts of issues that were found: words that full text takes for one of those searched for.

    To have PostgreSQL mark whole texts would take longer than to find them. It is asked only for words that may hit.
    """

    def __init__(self, search: str) -> None:
        self._beginnings = tuple(beginnings_in(search))
        self._lexemes = frozenset([*lexemes_in(search), *self._beginnings])
        begins = {lexeme[: max(1, min(_SAME_LETTERS, len(lexeme) - 1))] for lexeme in self._lexemes}
        # To look for these passes over all else many times as fast as to look at each word.
        self._candidate = re.compile(
            "|".join(rf"{begin}[^\W_]*" for begin in begins if _WORD.fullmatch(begin)) or "(?!)"
        )
        self._hits: set[str] = set()

    async def read(self, reads: Reads, texts: Iterable[str]) -> None:
        """Finds out which words of the texts hit."""
        words = {word[0] for text in texts for word in self._candidates(text)}
        self._hits = {word for word in words if word.startswith(self._beginnings)}
        unsure = list(words - self._hits)
        if unsure:
            rows = await reads.fetch(_STEMS, words=unsure)
            self._hits |= {row["word"] for row in rows if not self._lexemes.isdisjoint(row["lexemes"])}

    def title(self, title: str) -> list[Fragment]:
        return _fragments(title, self._spans(title), 0, len(title))

    def excerpt(self, row: Record) -> Excerpt | None:
        """From the issue's description or, if nothing hits there, from a comment."""
        if fragments := self._around_first(row["description"]):
            return Excerpt(source="description", comment_id=None, fragments=fragments)
        if fragments := self._around_first(row["comment"]):
            return Excerpt(source="comment", comment_id=row["comment_id"], fragments=fragments)
        return None

    def _around_first(self, text: str | None) -> list[Fragment]:
        spans = list(self._spans(text)) if text else []
        if not text or not spans:
            return []
        first = max(0, spans[0][0] - BEFORE)
        return _fragments(text, spans, first, first + LENGTH)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        return (word.span() for word in self._candidates(text) if word[0] in self._hits)

    def _candidates(self, text: str) -> Iterator[re.Match[str]]:
        """Words in small letters that may hit, at their places in the text."""
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters become two
            lowered = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
        for word in self._candidate.finditer(lowered):
            if word.start() == 0 or not _WORD.match(lowered, word.start() - 1):
                yield word


def _fragments(text: str, spans: Iterable[tuple[int, int]], first: int, end: int) -> list[Fragment]:
    """The text between two places, cut where hits begin and end."""
    pieces: list[Fragment] = []
    for start, stop in spans:
        if start >= end:
            break
        if start > first:
            pieces.append(Fragment(text=text[first:start], hit=False))
        pieces.append(Fragment(text=text[start : min(stop, end)], hit=True))
        first = stop
    if first < min(end, len(text)):
        pieces.append(Fragment(text=text[first:end], hit=False))
    return pieces


def texts_of(rows: Sequence[Record]) -> Iterator[str]:
    """All that may be shown of issues."""
    for row in rows:
        yield row["title"]
        yield from filter(None, (row["description"], row["comment"]))
