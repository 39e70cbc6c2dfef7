"""Words and phrases: which issues hold them, whether in title, description or comments."""

from sqlalchemy import ColumnElement, Select, func, select, union

from tracker.models import Comment, Issue
from tracker.query.ast import Words


def holds(words: Words) -> ColumnElement[bool]:
    """Each term is looked up by itself, because an issue's words are spread over its comments: a query asked of each
    text as a whole would miss `login timeout` said by two people, and find `-safari` beside a Safari.

    "the" and "!" are no words to full text: they restrict nothing.
    """
    anything = select(Issue.id).where(func.numnode(_terms(words)) == 0)
    return Issue.id.in_(union(*_texts_with(words), anything))


def lacks(words: Words) -> ColumnElement[bool]:
    return Issue.id.not_in(union(*_texts_with(words)))


def says_something(words: Words) -> ColumnElement[bool]:
    return func.numnode(_terms(words)) > 0


def _texts_with(words: Words) -> tuple[Select[tuple[int]], Select[tuple[int]]]:
    """Two index scans; an OR over the two tables would scan the issues instead."""
    return (
        select(Issue.id).where(Issue.search.bool_op("@@")(_terms(words))),
        select(Comment.issue_id).where(Comment.search.bool_op("@@")(_terms(words))),
    )


def _terms(words: Words) -> ColumnElement[str]:
    if words.is_phrase:
        return func.phraseto_tsquery("english", words.text)
    return func.websearch_to_tsquery("english", words.text.lstrip("-").replace('"', " "))
