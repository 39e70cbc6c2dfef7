"""The words that are searched for, each with the other words that may have been meant.

Staff may have meant any word that somebody has written. Reporters may not know what others write, and what was found
would tell them: they have meant words of their own issues.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import ARRAY, BigInteger, Integer, Text, text

from tracker.accounts.viewer import Viewer
from tracker.core.reads import Reads
from tracker.core.statements import Statement, parameter
from tracker.core.text import parts_of
from tracker.query.slips import is_slip
from tracker.query.stop_words import says_something
from tracker.search.own_words import REACH, OwnWordsKept
from tracker.search.tsquery import any_of, prefix

MAX_TERMS = 16
MIN_SLIP, MAX_SLIP = 4, 30
"""Shorter words differ from too many others by one letter; longer ones are not kept."""
MIN_PREFIX, MAX_COMPLETIONS = 2, 20

# Each word as full text has it, with the words that differ from it by about a letter; then those that go on where the
# last one ends. The words' limit limits nothing: it keeps the planner from expecting so many of them that to plan for
# those given seems worth it, each time, which takes longer than to look them up.
_LOOK_UP = Statement(
    text("""
    SELECT asked.word, phraseto_tsquery('english', search_text(asked.word))::text AS search, others.words, others.searches
    FROM (SELECT word, misspelt FROM unnest(:words, :misspelt) AS each (word, misspelt) LIMIT :count) AS asked
    CROSS JOIN LATERAL (
        SELECT array_agg(word) AS words, array_agg(phraseto_tsquery('english', word)::text) AS searches
        FROM (SELECT DISTINCT word FROM search_words WHERE one_letter_less(word) && one_letter_less(asked.misspelt)) AS near
    ) AS others
    UNION ALL
    SELECT NULL, NULL, array_agg(word), array_agg(phraseto_tsquery('english', word)::text)
    FROM (
        SELECT DISTINCT word FROM search_words
        WHERE word ~>=~ :begin AND word ~<~ (:begin || E'\\U0010FFFF') LIMIT :most
    ) AS begun
    """).bindparams(
        parameter("words", ARRAY(Text)),
        parameter("misspelt", ARRAY(Text)),
        parameter("count", BigInteger),
        parameter("begin", Text),
        parameter("most", Integer),
    )
)

# The same of a reporter, whose own words are kept here as documents have them: of which version of those is told.
_LOOK_UP_OWN = Statement(
    text("""
    SELECT word, phraseto_tsquery('english', search_text(word))::text AS search,
           (tsvector_to_array(to_tsvector('english', misspelt)))[1] AS stem,
           latest.version
    FROM unnest(:words, :misspelt) AS each (word, misspelt) CROSS JOIN (
        SELECT concat_ws(' ', count(*), max(issue_id), sum(written)) AS version FROM (
            SELECT issue_id, xmin::text::bigint AS written FROM search_documents
            WHERE reporter_id = :viewer_id ORDER BY issue_id DESC LIMIT :reach
        ) AS own
    ) AS latest
    """).bindparams(
        parameter("words", ARRAY(Text)),
        parameter("misspelt", ARRAY(Text)),
        parameter("viewer_id", BigInteger),
        parameter("reach", BigInteger),
    )
)


class Term(msgspec.Struct):
    """One word, or several that punctuation joins."""

    word: str
    is_begun: bool = False
    """It may yet go on."""
    search: str = ""
    """As full text has it; empty where it says nothing, as "the" may that is to become "theme"."""
    is_known: bool = True
    slips: Mapping[str, str] = {}
    """Words that somebody has written and that differ from it by one letter, and the searches for them."""
    completions: Sequence[str] = ()
    """Searches for words that go on where it ends."""

    def loose(self, *, with_slips: bool) -> str | None:
        """What may have been meant instead; None if nothing."""
        return any_of(self._others(with_slips=with_slips)) or None

    def any(self, *, with_slips: bool) -> str:
        return any_of([self.search, *self._others(with_slips=with_slips)])

    def _others(self, *, with_slips: bool) -> Iterator[str]:
        yield from self.completions
        if self.is_begun and len(self.word) >= MIN_PREFIX:
            yield prefix(self.word)
        if with_slips or not self.is_known:
            yield from self.slips.values()


async def read_terms(
    reads: Reads, kept: OwnWordsKept, viewer: Viewer, words: Sequence[str], *, is_begun: bool
) -> list[Term]:
    """The words that say something, each once.

    Args:
        reads: to ask for the words that may have been meant.
        kept: what reporters may have meant.
        viewer: who means them.
        words: as they were typed.
        is_begun: whether somebody may still be typing the last of them.
    """
    by_word = {word.lower(): Term(word.lower()) for word in words if says_something(word)}
    terms = list(by_word.values())[:MAX_TERMS]
    if terms and is_begun and len(parts := parts_of(terms[-1].word)) == 1:
        terms[-1].word, terms[-1].is_begun = parts[0], True
    elif is_begun and words and (begun := parts_of(words[-1])):
        # "the" may become "theme".
        terms += [Term(begun[-1].lower(), is_begun=True)] if not terms else []
    if terms:
        await (_look_up(reads, terms) if viewer.is_staff else _look_up_own(reads, kept, viewer.id, terms))
    return [term for term in terms if term.any(with_slips=True)]


async def _look_up(reads: Reads, terms: Sequence[Term]) -> None:
    last = terms[-1]
    rows = await reads.fetch(
        _LOOK_UP,
        words=[term.word for term in terms],
        misspelt=[term.word if _may_be_misspelt(term) else None for term in terms],
        count=len(terms),
        begin=last.word if last.is_begun and _may_be_misspelt(last) else None,
        most=MAX_COMPLETIONS,
    )
    found = {row["word"]: row for row in rows}
    for term in terms:
        row = found[term.word]
        term.search = row["search"]
        if _may_be_misspelt(term):
            similar: dict[str, str] = dict(zip(row["words"] or (), row["searches"] or (), strict=True))
            term.is_known = term.word in similar
            term.slips = {
                word: search for word, search in similar.items() if word != term.word and is_slip(term.word, word)
            }
    if completions := found[None]["searches"]:
        last.completions = completions
        last.is_known = True


async def _look_up_own(reads: Reads, kept: OwnWordsKept, viewer_id: int, terms: Sequence[Term]) -> None:
    last = terms[-1]
    rows = await reads.fetch(
        _LOOK_UP_OWN,
        words=[term.word for term in terms],
        misspelt=[term.word if _may_be_misspelt(term) else None for term in terms],
        viewer_id=viewer_id,
        reach=REACH,
    )
    own = await kept.of(viewer_id, rows[0]["version"], reads)
    found = {row["word"]: row for row in rows}
    for term in terms:
        row = found[term.word]
        term.search = row["search"]
        if _may_be_misspelt(term):
            stem = row["stem"] or ""
            term.is_known = stem in own or (term.is_begun and own.begun_by(term.word))
            term.slips = {} if term.is_known else own.meant_by(term.word, stem)
    if last.is_begun and not last.is_known:
        last.completions = await kept.completions(last.word, reads)


def _may_be_misspelt(term: Term) -> bool:
    return MIN_SLIP <= len(term.word) <= MAX_SLIP and term.word.isalpha()
