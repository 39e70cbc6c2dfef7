"""How many issues a list has, remembered for as long as nothing happens: to count takes longer than to read a page."""

from collections.abc import Hashable
from typing import NamedTuple

from tracker.core.remembered import Remembered

LISTS = 1024
"""So many are remembered at most."""
REMEMBERED_SECONDS = 60.0
"""No longer, so that few events have to be looked at to find out that they were there before."""


class Total(NamedTuple):
    issues: int
    is_least: bool
    """There may be more, which were not counted."""
    seen: str
    """The `pg_snapshot` that was counted in: with a change since, it does not hold any more."""
    latest_id: int | None
    """Of the latest issue then."""


class Totals(Remembered[Hashable, Total]):
    """Of lists, for the caller to see whether they still hold."""

    def __init__(self) -> None:
        super().__init__(most=LISTS, seconds=REMEMBERED_SECONDS)
