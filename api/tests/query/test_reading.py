"""How queries are read; the web app reads the same cases."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.query.errors import QueryError
from tracker.query.parser import MAX_DEPTH, MAX_TERMS, parse
from tracker.query.slips import is_slip

CASES = json.loads(Path(__file__).with_name("cases.json").read_text())
TODAY = date.fromisoformat(CASES["today"])


@pytest.mark.parametrize("case", CASES["read"], ids=lambda case: case["text"])
def test_a_query_means(case: dict[str, Any]) -> None:
    query = msgspec.json.decode(msgspec.json.encode(parse(case["text"], TODAY)))
    expected = {"root": case["means"], "sort": case.get("sort"), "as_of": case.get("as_of"), "as_of_utc": "utc" in case}
    assert query == expected


@pytest.mark.parametrize("case", CASES["refuse"], ids=lambda case: case["text"])
def test_an_error_says_at_which_character_and_what_was_expected(case: dict[str, Any]) -> None:
    with pytest.raises(QueryError) as caught:
        parse(case["text"], TODAY)
    assert caught.value.position == case["position"]
    assert case["expected"] in caught.value.message


@pytest.mark.parametrize(
    "text", ["a " * (MAX_TERMS + 1), "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "NOT " * 21 + "a"]
)
def test_queries_are_bounded(text: str) -> None:
    with pytest.raises(QueryError, match=r"at most"):
        parse(text, TODAY)


PIECES = st.sampled_from([
    "is:", "open", "tag:", "was:", "as-of:", "sort:", "created:", "last-7d", "..", ",", '"', "(", ")", "-", "#", "1",
    " ", "OR ", "AND ", "NOT ", "or ", "@me", "é", "\u2028", "\x00", "*", ">=",
])  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=100))
@settings(derandomize=True, database=None, max_examples=400)
def test_any_text_is_read_or_refused_at_one_of_its_characters(text: str) -> None:
    refusal = None
    try:
        parse(text, TODAY)
    except QueryError as error:
        refusal = error
    assert refusal is None or (refusal.message and 0 <= refusal.position <= len(text))


@pytest.mark.parametrize("typed", ["satus", "statuss", "statys", "sttaus", "tatus", "statu"])
def test_one_wrong_letter_is_a_slip(typed: str) -> None:
    assert is_slip(typed, "status")
    assert not is_slip(f"{typed}xx", "status")
