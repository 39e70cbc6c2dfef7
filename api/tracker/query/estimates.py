"""How many issues hold some words, as the database expects it without looking."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Float, Select, func, literal_column, select, text

from tracker.query.text import TsQuery

PAGE = 50
"""About how many issues are wanted at a time."""

ALL_ISSUES: ColumnElement[float] = (
    select(literal_column("reltuples", Float()))
    .select_from(text("pg_class"))
    .where(text("oid = 'search_documents'::regclass"))
    .scalar_subquery()
)


class Estimates(msgspec.Struct, frozen=True):
    """Of how many issues there are, and of how many hold each of the searches asked for."""

    issues: float
    matching: Sequence[float]

    def walk(self, rows: float) -> float:
        """How many issues have to be looked at in any order to come by a page of those that hold the words."""
        return PAGE * self.issues / rows

    def is_common(self, rows: float) -> bool:
        """Whether to look at issues in some order reads fewer of them than to find all that hold the words."""
        return rows > self.walk(rows)


def select_estimates(searches: Sequence[TsQuery]) -> Select[Any]:
    """Selects one row for `estimates_of`. It reads no issue: the planner knows the most common words and how common."""
    expected: list[ColumnElement[float]] = [func.expected_documents(search, type_=Float()) for search in searches]
    columns = [column.label(f"expected_{number}") for number, column in enumerate(expected)]
    return select(ALL_ISSUES.label("issues"), *columns)


def estimates_of(row: Sequence[float]) -> Estimates:
    issues, *matching = row
    return Estimates(max(1, issues), matching)
