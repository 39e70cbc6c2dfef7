"""The language of queries as its documentation has it: texts, each with what it means in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.query.days import DATED, DAY, TOOK, Period, one_day
from tests.query.fields import FIELDS
from tests.query.meaning import Asker, Question, Term, Test, negated
from tests.query.wording import BEGUN, PHRASE, WORD

_LEAF = st.one_of(*FIELDS, DATED, TOOK, WORD, WORD, BEGUN, PHRASE, PHRASE)


def _all_of(tests: Sequence[Test]) -> Test:
    return lambda issue, asker: all(test(issue, asker) for test in tests)


def _any_of(tests: Sequence[Test]) -> Test:
    return lambda issue, asker: any(test(issue, asker) for test in tests)


def _joined(terms: Sequence[Term], text: str, means: Callable[[Sequence[Test]], Test]) -> Term:
    tests = [term.means for term in terms if term.means]
    return Term(
        text,
        means(tests) if tests else None,
        says=any(term.says for term in terms),
        knows_past=all(term.knows_past for term in terms),
    )


def _conjunction(terms: list[Term], between: list[str]) -> Term:
    """In brackets, unless it is a single term."""
    if len(terms) == 1:
        return terms[0]
    text = terms[0].text + "".join(f"{sign}{term.text}" for term, sign in zip(terms[1:], between, strict=False))
    fields: dict[str, list[Term]] = {}
    for place, term in enumerate(terms):
        fields.setdefault(term.widens or str(place), []).append(term)
    groups = [_joined(group, "", _any_of) for group in fields.values()]
    return _joined(groups, f"({text})", _all_of)


def _alternatives(terms: list[Term], signs: list[str]) -> Term:
    text = terms[0].text + "".join(f"{sign}{term.text}" for term, sign in zip(terms[1:], signs, strict=False))
    return _joined(terms, f"({text})", _any_of)


def _larger(smaller: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.builds(
            _conjunction,
            st.lists(smaller, min_size=2, max_size=4),
            st.lists(st.sampled_from([" ", " ", "\n", " AND "]), min_size=3, max_size=3),
        ),
        st.builds(
            _alternatives,
            st.lists(smaller, min_size=2, max_size=3),
            st.lists(st.sampled_from([" OR ", " or "]), min_size=2, max_size=2),
        ),
        st.builds(negated, smaller, st.sampled_from(["-", "NOT "])),
    )


TERMS = st.recursive(_LEAF, _larger, max_leaves=7)


def _question(root: Term | None, sort: str | None, as_of: tuple[Period, str] | None, *, first: bool) -> Question:
    modifiers = [f"sort:{sort}"] if sort else []
    then: Callable[[Asker], datetime] | None = None
    if as_of and (root is None or root.knows_past):
        period, mark = as_of
        modifiers.append(f"as-of:{period.text}{mark}")

        def end(asker: Asker) -> datetime:
            day = period.days(asker.today)[1]
            return replace(asker, zone=ZoneInfo("UTC")).begin(day) if mark else asker.begin(day)

        then = end

    terms = [root.text] if root else []
    text = " ".join([*modifiers, *terms] if first else [*terms, *modifiers])
    return Question(text, root, sort or "-created", then)


_PAST_DAY = st.one_of(
    st.tuples(DAY, st.just("")),
    st.dates(date(2025, 1, 1), date(2026, 4, 2)).map(lambda day: (Period(f"{day}", lambda _: one_day(day)), "Z")),
)
QUESTIONS = st.builds(
    _question,
    st.none() | TERMS | TERMS | TERMS | TERMS,
    st.none() | st.sampled_from(["created", "-created", "updated", "-updated", "severity", "-severity"]),
    st.none() | st.none() | _PAST_DAY,
    first=st.booleans(),
)
