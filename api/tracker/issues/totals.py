"""How many issues a list has, remembered for as long as nothing happens: to count takes longer than to read a page."""

from collections import OrderedDict
from collections.abc import Hashable
from time import monotonic
from typing import NamedTuple

LISTS = 1024
"""So many are remembered at most."""
REMEMBERED_SECONDS = 60.0
"""No longer, so that few events have to be looked at to find out that they were there before."""


class Total(NamedTuple):
    issues: int
    seen: str
    """The `pg_snapshot` that was counted in: with a change since, it does not hold any more."""
    latest_id: int | None
    """Of the latest issue then."""
    counted_at: float


class Totals:
    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Total] = OrderedDict()

    def of(self, key: Hashable) -> Total | None:
        """The total of a list, for the caller to see whether it still holds."""
        total = self._known.get(key)
        if total is None or monotonic() - total.counted_at > REMEMBERED_SECONDS:
            return None
        self._known.move_to_end(key)
        return total

    def remember(self, key: Hashable, issues: int, *, seen: str, latest_id: int | None) -> None:
        self._known[key] = Total(issues, seen, latest_id, monotonic())
        self._known.move_to_end(key)
        if len(self._known) > LISTS:
            self._known.popitem(last=False)
