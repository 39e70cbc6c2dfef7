"""In what way to look up the words of queries, so that neither rare nor common ones take long."""

import math
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from tracker.core.reads import Reads
from tracker.core.statements import Statement
from tracker.query import ast
from tracker.query.estimates import estimates_of, select_estimates
from tracker.query.text import Way, groups, is_wordy, terms_of, without_empty_words

REACH = 10_000
"""In how many issues at most."""
CERTAINTY = 3
"""How many times as many as a bound the database has to expect for them to be more without counting."""


class Ways(msgspec.Struct, frozen=True):
    """By the index for rare words; row by row for common ones, which the first issues of any order hold.

    What a reporter asks goes row by row through their own issues, and takes as long whatever others have written.
    """

    is_staff: bool
    common: frozenset[ast.All] = frozenset()
    """If there are any, the first issues are come by along an order that may not hold the words for long."""
    alone: ast.All | None = None
    """These words, if nothing else is asked for."""

    def to_first(self, words: ast.All) -> Way:
        return "by index" if self.is_staff and words not in self.common else "row by row"

    def to_all(self, words: ast.All) -> Way:
        """For those who want every issue that holds the words, not the first in some order."""
        if not self.is_staff:
            return "row by row"
        return "freely" if words in self.common else "by index"


class Lookup(msgspec.Struct, frozen=True):
    ways: Ways
    reach: int
    """In how many issues a page of common words is looked for, before all that hold them are looked up."""
    is_capped: bool = False
    """The words alone are asked for, and stand in so many issues that counting them would tell nothing new."""


async def plan_lookup(reads: Reads, queries: Sequence[ast.Query], *, is_staff: bool, cap: int) -> Lookup:
    """Asks the database how common the words are.

    Args:
        reads: the way to the database.
        queries: all of which have to be met.
        is_staff: whether the viewer may see all issues.
        cap: up to which number issues are counted.
    """
    words, statement = _searches(tuple(queries))
    alone = words[0] if len(queries) == len(words) == 1 and _is_words(queries[0]) else None
    if statement is None or not is_staff:
        return Lookup(Ways(is_staff, alone=alone), REACH)
    (row,) = await reads.estimate(statement)
    estimates = estimates_of(list(row.values()))
    expected = dict(zip(words, estimates.matching, strict=True))
    common = frozenset(each for each, rows in expected.items() if estimates.is_common(rows))
    ways = Ways(is_staff, common, alone)
    if alone is None:
        return Lookup(ways, REACH)
    reach = min(REACH, CERTAINTY * math.ceil(estimates.walk(expected[alone])))
    return Lookup(ways, reach, is_capped=expected[alone] > CERTAINTY * cap)


@lru_cache(maxsize=1024)
def _searches(queries: tuple[ast.Query, ...]) -> tuple[list[ast.All], Statement | None]:
    wanted = dict.fromkeys(
        words for query in queries if (root := without_empty_words(query.root)) for words in groups(root)
    )
    searches = {words: terms for words in wanted if (terms := terms_of(words)) is not None}
    return list(searches), Statement(select_estimates(list(searches.values()))) if searches else None


def _is_words(query: ast.Query) -> bool:
    """Whether nothing else is asked for; where a phrase stands can't be told from its words."""
    root = without_empty_words(query.root)
    terms = root.terms if isinstance(root, ast.All) else (root,)
    words = (term for term in terms if term is not None and is_wordy(term))
    return query.as_of is None and len(terms) == sum(
        not (isinstance(word, ast.Words) and word.is_phrase) for word in words
    )
