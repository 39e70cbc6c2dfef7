"""Words and phrases: which issues hold them, whether in title, description, comments, tags or names of files."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, and_, any_, case, cast, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import aliased

from tracker.core.text import parts_of
from tracker.models import Attachment, Comment, Issue, SearchDocument
from tracker.query import ast
from tracker.query.endings import words_begun_by
from tracker.query.stop_words import says_something

Condition = ColumnElement[bool]
TsQuery = ColumnElement[Any]

SHORTEST_CUT = 4
"""How long a beginning has to be for ends to be missing in the index."""

Way = Literal["by index", "row by row", "freely"]
"""How to look words up. By index: all issues that hold them first, before anything else is asked of them. Row by row: in
each issue that is come by otherwise. Freely: as the database sees fit, which it does well unless it has to find the
first few in some order: then it would walk along the order to words that stand in old issues only."""


def group(terms: tuple[ast.Node, ...]) -> tuple[ast.All | None, tuple[ast.Node, ...]]:
    """What of a conjunction can be looked up by one search of the index, and the rest."""
    wordy = tuple(term for term in terms if is_wordy(term))
    return ast.All(wordy) if wordy else None, tuple(term for term in terms if not is_wordy(term))


def groups(node: ast.Node) -> Iterator[ast.All]:
    """All groups of a query that have to be looked up."""
    match node:
        case ast.All(terms):
            wordy, others = group(terms)
            if wordy:
                yield wordy
            for term in others:
                yield from groups(term)
        case ast.Any(terms) if not is_wordy(node):
            for term in terms:
                yield from groups(term)
        case ast.Not():
            return
        case _ if is_wordy(node):
            yield ast.All((node,))
        case _:
            return


def without_empty_words(node: ast.Node | None) -> ast.Node | None:
    """The query without what says nothing to full text, as "the" and "!" do; phrases are read in any case."""
    match node:
        case ast.Words(text, is_phrase) if is_empty(node) and not (is_phrase and text.strip()):
            return None
        case ast.Not(term):
            left = without_empty_words(term)
            return left and ast.Not(left)
        case ast.All(terms) | ast.Any(terms):
            some = tuple(left for left in map(without_empty_words, terms) if left is not None)
            return type(node)(some) if len(some) > 1 else some[0] if some else None
        case _:
            return node


def is_empty(node: ast.Node) -> bool:
    """Whether there is no word in it that can be looked for."""
    return (
        isinstance(node, ast.Words)
        and not says_something(node.text)
        and (node.is_phrase or _beginning_in(node.text) is None)
    )


def holds(wordy: ast.All, way: Way) -> Condition:
    wanted = terms_of(wordy)
    phrases = [term for term in wordy.terms if isinstance(term, ast.Words) and _is_phrase(term) and term.text.strip()]
    found = (
        true()
        if wanted is None
        else _found(wanted, [_may_stand(each.text) for each in phrases if not is_empty(each)], way)
    )
    for each in phrases:
        # Texts are long: whatever the planner thinks of it, only those are read that hold the words.
        found = (
            case((found, _stands_somewhere(each.text)), else_=false())
            if way == "row by row"
            else (found & _stands_somewhere(each.text))
        )
    return found


def terms_of(node: ast.Node) -> TsQuery | None:
    """As full text has it; None if it says nothing. The index tells nothing of where words stand, so those of phrases may be
    anywhere.
    """
    match node:
        case ast.All(terms) | ast.Any(terms):
            found = [wanted for term in terms if (wanted := terms_of(term)) is not None]
            operator = "&&" if isinstance(node, ast.All) else "||"
            whole = found[0] if found else None
            for wanted in found[1:]:
                whole = whole.op(operator)(wanted) if whole is not None else wanted
            return whole
        case ast.Words(text, is_phrase):
            if is_empty(node):
                return None
            if is_phrase:
                return func.plainto_tsquery("english", func.search_text(text))
            if begin := _beginning_in(text):
                before = text.rstrip("*").removesuffix(begin)
                return phrase(before).op("&&")(_begun(begin)) if says_something(before) else _begun(begin)
            return phrase(text)
        case _:
            return None


def phrase(text: str) -> TsQuery:
    """The words of the text, in any of their forms, next to each other."""
    return func.phraseto_tsquery("english", func.search_text(text))


def prefix(part: str) -> TsQuery:
    """What begins with this, which is one word without punctuation."""
    return func.to_tsquery("simple", f"'{part}':*")


def _beginning_in(text: str) -> str | None:
    """Of `fix-log*` what a word has to begin with; None if it is not asked for."""
    *_, last = parts_of(text) or [""]
    return last if text.endswith("*") and len(last) > 1 else None


def _begun(part: str) -> TsQuery:
    """What begins with this, and words that do but stand in the index without their ends, as "authent" does.

    Which ends there are is told by the language, and not by what has been written: others may not see who wrote it.
    """
    begun = prefix(part)
    if len(part) < SHORTEST_CUT:
        return begun
    low = part.lower()
    word: Any = func.unnest(literal(words_begun_by(low), ARRAY(Text))).column_valued("word")
    form = cast(func.plainto_tsquery("english", word), Text)
    cut = select(form.label("form")).where(func.strpos(form, f"'{low}") == 0, form != "").distinct().subquery()
    others = select(cast(func.string_agg(cut.c.form, " | "), TSQUERY)).correlate(None).scalar_subquery()
    return begun.op("||")(func.coalesce(others, begun))


def matches(wanted: TsQuery) -> Condition:
    return SearchDocument.document.bool_op("@@")(wanted)


def held(wanted: TsQuery) -> Condition:
    """The same as a function: the operator would let the index in."""
    return func.ts_match_vq(SearchDocument.document, wanted)


def is_wordy(node: ast.Node) -> bool:
    match node:
        case ast.Words():
            return True
        case ast.All(terms) | ast.Any(terms):
            return all(is_wordy(term) and not _is_phrase(term) for term in terms)
        case _:
            return False


def _is_phrase(node: ast.Node) -> bool:
    return isinstance(node, ast.Words) and node.is_phrase


def _found(wanted: TsQuery, phrases: Sequence[Condition], way: Way) -> Condition:
    match way:
        case "by index":
            found = select(SearchDocument.issue_id).where(matches(wanted), *phrases).correlate(None)
            return Issue.id == any_(func.array(found.scalar_subquery()))
        case "row by row":
            holds = select(and_(held(wanted), *phrases)).where(SearchDocument.issue_id == Issue.id)
            return holds.correlate(Issue).scalar_subquery().is_(true())
        case "freely":
            return Issue.id.in_(select(SearchDocument.issue_id).where(matches(wanted), *phrases))


def _may_stand(text: str) -> Condition:
    """Whether a document has the words of a phrase next to each other, or does not tell of all places where they stand."""
    cut = aliased(SearchDocument)
    all_cut = select(cut.issue_id).where(func.search_is_cut(cut.document)).correlate(None).scalar_subquery()
    return or_(held(phrase(text)), SearchDocument.issue_id == any_(func.array(all_cut)))


def _stands_somewhere(text: str) -> Condition:
    """Whether one of the texts holds the phrase as it is written, but for case and what stands between its words."""
    pattern = literal(pattern_of(text))

    def stands_in(column: Any) -> Condition:
        return column.regexp_match(pattern, flags="i")

    # With a limit, so that they are asked issue by issue: else the planner would rather read all comments once.
    commented = select(true()).where(Comment.issue_id == Issue.id, stands_in(Comment.body)).limit(1)
    attached = select(true()).where(Attachment.issue_id == Issue.id, stands_in(Attachment.name)).limit(1)
    return or_(
        stands_in(Issue.title),
        stands_in(Issue.description),
        stands_in(func.array_to_string(Issue.tags, cast(_NO_SPACE, Text))),
        commented.correlate(Issue).scalar_subquery().is_(true()),
        attached.correlate(Issue).scalar_subquery().is_(true()),
    )


_NO_SPACE = "\x01"
"""Between two tags, so that no phrase reaches from one to the next."""


def pattern_of(text: str) -> str:
    """A regular expression that PostgreSQL and Python read alike.

    Between two words may stand a line's end, or Markdown; inside of a word its punctuation is part of it.
    """
    words = text.split()
    inner = r"[\s*_`~\[\]()]+".join(re.sub(r"(\W)", r"\\\1", word) for word in words)
    begins, ends = words[0][0].isalnum(), words[-1][-1].isalnum()
    return ("(?<!\\w)" if begins else "") + inner + ("(?!\\w)" if ends else "")
