"""The words that are searched for, each with the other words that may have been meant."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.text import parts_of
from tracker.query.slips import is_slip
from tracker.query.stop_words import says_something
from tracker.query.text import TsQuery, phrase, prefix

MAX_TERMS = 16
MIN_SLIP, MAX_SLIP = 4, 30
"""Shorter words differ from too many others by one letter; longer ones are not kept."""
MIN_PREFIX, MAX_COMPLETIONS = 2, 20

_SIMILAR_WORDS = text("""
    SELECT DISTINCT asked, word FROM unnest(:words) AS asked
    JOIN search_words ON one_letter_less(word) && one_letter_less(asked)
""").bindparams(bindparam("words", type_=ARRAY(Text)))
_COMPLETIONS = text("SELECT DISTINCT word FROM search_words WHERE word LIKE :begin || '%' LIMIT :limit").bindparams(
    bindparam("begin", type_=Text)
)


class Term(msgspec.Struct):
    """One word, or several that punctuation joins."""

    word: str
    is_begun: bool = False
    """It may yet go on."""
    is_known: bool = True
    slips: Sequence[str] = ()
    """Words that somebody has written and that differ from it by one letter."""
    completions: Sequence[str] = ()

    def exact(self) -> TsQuery:
        return phrase(self.word)

    def loose(self, *, with_slips: bool) -> TsQuery | None:
        """What may have been meant instead; None if nothing."""
        others = [phrase(word) for word in self.completions]
        if self.is_begun and len(self.word) >= MIN_PREFIX:
            others.append(prefix(self.word))
        if with_slips or not self.is_known:
            others += [phrase(word) for word in self.slips]
        whole = None
        for other in others:
            whole = other if whole is None else whole.op("||")(other)
        return whole

    def any(self, *, with_slips: bool) -> TsQuery:
        loose = self.loose(with_slips=with_slips)
        return self.exact() if loose is None else self.exact().op("||")(loose)


async def read_terms(session: AsyncSession, words: Iterable[str], *, is_begun: bool) -> list[Term]:
    """The words that say something, each once.

    Args:
        session: to ask for the words that others have written.
        words: as they were typed.
        is_begun: whether somebody may still be typing the last of them.
    """
    by_word = {word.lower(): Term(word.lower()) for word in words if says_something(word)}
    terms = list(by_word.values())[:MAX_TERMS]
    if terms and is_begun and len(parts := parts_of(terms[-1].word)) == 1:
        terms[-1].word, terms[-1].is_begun = parts[0], True
    elif is_begun and words and (begun := parts_of(list(words)[-1])):
        # "the" may become "theme".
        terms += [Term(begun[-1].lower(), is_begun=True, is_known=True)] if not terms else []
    await _look_up(session, [term for term in terms if MIN_SLIP <= len(term.word) <= MAX_SLIP and term.word.isalpha()])
    return terms


async def _look_up(session: AsyncSession, terms: Sequence[Term]) -> None:
    if not terms:
        return
    similar: defaultdict[str, list[str]] = defaultdict(list)
    for asked, word in await session.execute(_SIMILAR_WORDS, {"words": [term.word for term in terms]}):
        similar[asked].append(word)
    for term in terms:
        term.is_known = term.word in similar[term.word]
        term.slips = [word for word in similar[term.word] if word != term.word and is_slip(term.word, word)]
    if terms[-1].is_begun:
        begin = {"begin": terms[-1].word, "limit": MAX_COMPLETIONS}
        terms[-1].completions = list(await session.scalars(_COMPLETIONS, begin))
        terms[-1].is_known = terms[-1].is_known or bool(terms[-1].completions)
