"""Answers that are kept in this process for a while."""

import pytest

from tracker.core import remembered
from tracker.core.remembered import Remembered


def test_an_answer_is_known_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(remembered, "monotonic", lambda: now)
    answers: Remembered[str, int] = Remembered(most=2, seconds=60)
    answers.put("lists", 7)
    now += 60
    assert answers.get("lists") == 7
    now += 0.1
    assert answers.get("lists") is None


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    answers: Remembered[str, int] = Remembered(most=2, seconds=60)
    answers.put("first", 1)
    answers.put("second", 2)
    assert answers.get("first") == 1
    answers.put("third", 3)
    assert [answers.get(each) for each in ("first", "second", "third")] == [1, None, 3]
