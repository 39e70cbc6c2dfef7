"""How many issues hold some words, as the database expects it without looking."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Float, Select, func, select, text

from tracker.query.text import TsQuery

COMMON_SHARE, COMMON_COUNT = 0.02, 2_000
"""Words of more than this share of all issues, and of more issues than this, are common: the first few issues that hold
them come soon in any order, while to find all of them first would take long."""

_ALL = select(text("reltuples")).select_from(text("pg_class")).where(text("oid = 'search_documents'::regclass"))


class Estimates(msgspec.Struct, frozen=True):
    """Of how many issues there are, and of how many hold each of the searches asked for."""

    issues: float
    matching: Sequence[float]

    def is_common(self, rows: float) -> bool:
        return rows > max(COMMON_COUNT, COMMON_SHARE * self.issues)


def select_estimates(searches: Sequence[TsQuery]) -> Select[Any]:
    """Selects one row for `estimates_of`. It reads no issue: the planner knows the most common words and how common."""
    expected: list[ColumnElement[float]] = [func.expected_documents(search, type_=Float()) for search in searches]
    columns = [column.label(f"expected_{number}") for number, column in enumerate(expected)]
    return select(_ALL.scalar_subquery().label("issues"), *columns)


def estimates_of(row: Sequence[float]) -> Estimates:
    issues, *matching = row
    return Estimates(max(1, issues), matching)
