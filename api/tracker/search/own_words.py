"""The words that a reporter may have meant: those of their own latest issues, and how a word may go on.

Both are kept, because they are asked for with each letter that somebody types.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, BigInteger, Text, text

from tracker.core.reads import Reads
from tracker.core.remembered import Remembered
from tracker.core.statements import Statement, parameter
from tracker.query.endings import words_begun_by, words_of
from tracker.query.slips import is_slip
from tracker.search.tsquery import quoted

REACH = 200
"""In how many of their latest issues the words stand that reporters may have meant."""
MIN_STEM = 3
REPORTERS, BEGINNINGS = 32, 4096
"""Of how many the words are kept, and of how many beginnings what may become of them."""
KEPT_SECONDS = 3600.0

_LAST_LETTER = "\U0010ffff"

_WORDS = Statement(
    text("""
    SELECT array_agg(DISTINCT lexeme) AS words FROM (
        SELECT document FROM search_documents WHERE reporter_id = :viewer_id ORDER BY issue_id DESC LIMIT :reach
    ) AS latest, unnest(tsvector_to_array(document)) AS lexeme
    """).bindparams(parameter("viewer_id", BigInteger), parameter("reach", BigInteger))
)

# What begins with the beginning itself is found by that.
_FORMS = Statement(
    text("""
    SELECT array_agg(DISTINCT form) AS forms
    FROM (SELECT phraseto_tsquery('english', word)::text AS form FROM unnest(:words) AS word) AS each
    WHERE form <> '' AND NOT starts_with(form, '''' || :begin)
    """).bindparams(parameter("words", ARRAY(Text)), parameter("begin", Text))
)


class OwnWords:
    """Words as documents keep them, sorted from either end."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._forward = sorted(self._words)
        self._backward = sorted(word[::-1] for word in self._words)

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def begun_by(self, part: str) -> bool:
        """Whether one begins with this."""
        return bool(_begun_by(part, self._forward))

    def meant_by(self, word: str, stem: str) -> dict[str, str]:
        """Those that differ from a word, or from what is kept of it, by about a letter, and the searches for them."""
        near = {word[:end] for end in range(MIN_STEM, len(word) + 1)} & self._words
        for form in {word, stem} - {""}:
            # Any two that differ by about a letter have one of their halves in common.
            begin, end = form[: len(form) // 2], form[::-1][: (len(form) - 1) // 2]
            near.update(_begun_by(begin, self._forward))
            near.update(other[::-1] for other in _begun_by(end, self._backward))
        return {
            other: quoted(other)
            for other in sorted(near)
            if is_slip(word, other) or (stem and is_slip(stem, other)) or _has_wrong_ending(word, other)
        }


class OwnWordsKept:
    """Of the reporters who searched last."""

    def __init__(self) -> None:
        self._words: Remembered[int, tuple[str, OwnWords]] = Remembered(most=REPORTERS, seconds=KEPT_SECONDS)
        self._forms: Remembered[str, Sequence[str]] = Remembered(most=BEGINNINGS, seconds=KEPT_SECONDS)

    async def of(self, viewer_id: int, version: str, reads: Reads) -> OwnWords:
        """A reporter's words.

        Args:
            viewer_id: whose.
            version: of their latest documents; it changes with each of them.
            reads: to ask for them if they are not those that are kept.
        """
        known = self._words.get(viewer_id)
        if known is None or known[0] != version:
            (row,) = await reads.fetch(_WORDS, viewer_id=viewer_id, reach=REACH)
            known = version, OwnWords(row["words"] or ())
            self._words.put(viewer_id, known)
        return known[1]

    async def completions(self, begin: str, reads: Reads) -> Sequence[str]:
        """Searches for what documents keep of the words that a beginning may become, where that is shorter."""
        known = self._forms.get(begin)
        if known is None:
            (row,) = await reads.fetch(_FORMS, words=words_begun_by(begin), begin=begin)
            known = row["forms"] or ()
            self._forms.put(begin, known)
        return known


def _begun_by(begin: str, words: Sequence[str]) -> Sequence[str]:
    return words[bisect_left(words, begin) : bisect_left(words, begin + _LAST_LETTER)]


def _has_wrong_ending(word: str, stem: str) -> bool:
    if len(stem) < MIN_STEM or not word.startswith(stem):
        return False
    return any(is_slip(word, meant) for meant in words_of(stem))
