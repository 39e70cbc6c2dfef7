"""Answers that are kept in this process for a while."""

from collections import OrderedDict
from collections.abc import Hashable
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """The answers that were asked for last, each for so many seconds from when it was given."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._known: OrderedDict[Key, tuple[Value, float]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        value, since = self._known.get(key, (None, 0.0))
        if value is None or monotonic() - since > self._seconds:
            return None
        self._known.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        self._known[key] = value, monotonic()
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
