"""Plain full text: which issues hold all of these words, whether in title, description or comments."""

import re

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, union

from tracker.core.errors import Invalid
from tracker.core.schema import MAX_ID
from tracker.models import Comment, Issue

MAX_TERMS = 32

_ISSUE_NUMBER = re.compile(r"#([1-9][0-9]{0,18})")
_TERM = re.compile(r'(-*)("[^"]*"?|\S+)')


def matches(words: str) -> ColumnElement[bool]:
    """The condition for words, "phrases", `or` and `-without`; `#42` is the issue of that number.

    Each term is looked up by itself, because an issue's words are spread over its comments: a query asked of
    each text as a whole would miss `login timeout` said by two people, and find `-safari` beside a Safari.

    Raises:
        Invalid: there are too many terms.
    """
    if number := _ISSUE_NUMBER.fullmatch(words):
        return Issue.id == int(number[1]) if int(number[1]) <= MAX_ID else false()
    terms = _TERM.findall(words)
    if len(terms) > MAX_TERMS:
        raise Invalid.field("q", f"Must have at most {MAX_TERMS} words.")
    alternatives: list[list[ColumnElement[bool]]] = [[]]
    for minus, term in terms:
        if not minus and term.lower() == "or":
            alternatives.append([])
        elif minus:
            alternatives[-1].append(Issue.id.not_in(union(*_texts_with(term))))
        else:
            # "the" and "!" are no words to full text: they restrict nothing.
            anything = select(Issue.id).where(func.numnode(_query(term)) == 0)
            alternatives[-1].append(Issue.id.in_(union(*_texts_with(term), anything)))
    says_something = func.numnode(_query(words)) > 0
    return and_(says_something, or_(false(), *(and_(*conditions) for conditions in alternatives if conditions)))


def _texts_with(term: str) -> tuple[Select[tuple[int]], Select[tuple[int]]]:
    """Two index scans; an OR over the two tables would scan the issues instead."""
    return (
        select(Issue.id).where(Issue.search.bool_op("@@")(_query(term))),
        select(Comment.issue_id).where(Comment.search.bool_op("@@")(_query(term))),
    )


def _query(words: str) -> ColumnElement[str]:
    return func.websearch_to_tsquery("english", words)
