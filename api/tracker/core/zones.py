"""Time zones as callers name them."""

from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from litestar.params import QueryParameter

from tracker.core.errors import Invalid

TimeZone = Annotated[
    str,
    QueryParameter(max_length=64, description="IANA name of the time zone that cuts the days, like `Europe/Berlin`."),
]


@cache
def _names() -> frozenset[str]:
    """Once, because to list them is to look through a directory of the system."""
    return frozenset(available_timezones())


def zone_of(tz: str) -> ZoneInfo:
    """The zone of that name.

    Raises:
        Invalid: there is none.
    """
    if tz not in _names():
        raise Invalid.field("tz", "Not the name of a time zone. Use one like Europe/Berlin, or UTC.")
    return ZoneInfo(tz)
