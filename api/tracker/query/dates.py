"""Dates and durations in queries.

`2026-01-05`, `2026-01`, `>=2026-01-01`, `2026-01-05..2026-01-11`, `last-30d`, `<-7d`, `today`; `<4h`, `>=2w`, `1d..3d`.
"""

import re
from datetime import date, timedelta

from tracker.query.errors import QueryError

EXPECTED = "Expected a date: 2026-01-31, 2026-01, 2026, today, yesterday, -7d, last-30d, or a range like -4w..-2w."

_COMPARISON = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_CALENDAR = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_AGO = re.compile(r"-([0-9]{1,4})([dwmy])")
EXPECTED_DURATION = "Expected a duration: <4h, >=7d, or a range like 1d..2w."

_DURATION = re.compile(r"([0-9]{1,5})([hdw])", re.IGNORECASE)
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800}
_LAST = re.compile(r"last-([0-9]{1,4})([dwmy])")

Span = tuple[date | None, date | None]
"""From the beginning of one day to the beginning of another; None is no bound."""


def read_span(text: str, position: int, today: date) -> Span:
    """The days that a date, a comparison or a range means.

    Raises:
        QueryError: it is none of these. `position` is where the text stands in the query.
    """
    if "*" in text or ".." in text:
        return _range(text, position, today)
    comparison, value = _parts(text)
    since, until = _period(value, position + len(text) - len(value), today)
    match comparison:
        case "<":
            return None, since
        case "<=":
            return None, until
        case ">":
            return until, None
        case ">=":
            return since, None
        case _:
            return since, until


def read_day_after(text: str, position: int, today: date) -> date:
    """The day after the last that a date means."""
    return _period(text, position, today)[1]


def read_duration(text: str, position: int) -> tuple[int | None, int | None]:
    """The seconds from which and below which a duration is meant.

    To the microsecond nothing takes exactly four hours: `<=4h` is no other than `<4h`.
    """
    first, dots, last = text.partition("..")
    if dots:
        return _seconds(first, position), _seconds(last, position + len(first) + 2)
    comparison, value = _parts(text)
    if comparison in {None, "="}:
        raise QueryError(position, EXPECTED_DURATION)
    seconds = _seconds(value, position + len(text) - len(value))
    return (seconds, None) if comparison in {">", ">="} else (None, seconds)


def _seconds(text: str, position: int) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise QueryError(position, EXPECTED_DURATION)
    return int(match[1]) * _SECONDS[match[2].lower()]


def _parts(text: str) -> tuple[str | None, str]:
    match = _COMPARISON.fullmatch(text)
    return (match[1], match[2]) if match else (None, text)


def _range(text: str, position: int, today: date) -> Span:
    first, dots, last = text.partition("..")
    if not dots:
        raise QueryError(position, EXPECTED)
    since = None if first == "*" else _period(first, position, today)[0]
    until = None if last == "*" else _period(last, position + len(first) + 2, today)[1]
    return since, until


def _period(text: str, position: int, today: date) -> tuple[date, date]:
    """The day, month or year that a date names, as its first day and the one after its last."""
    lowered = text.lower()
    try:
        if lowered in {"today", "yesterday"}:
            day = today - timedelta(days=lowered == "yesterday")
            return day, day + timedelta(days=1)
        if match := _AGO.fullmatch(lowered):
            day = _before(today, int(match[1]), match[2])
            return day, day + timedelta(days=1)
        if match := _LAST.fullmatch(lowered):
            # The last 7 days end with today and begin with the day 6 days ago.
            tomorrow = today + timedelta(days=1)
            return _before(tomorrow, int(match[1]), match[2]), tomorrow
        if match := _CALENDAR.fullmatch(text):
            return _calendar(match)
    except (ValueError, OverflowError):
        raise QueryError(position, f"There is no such day. {EXPECTED}") from None
    raise QueryError(position, EXPECTED)


def _calendar(match: re.Match[str]) -> tuple[date, date]:
    year, month, day = int(match[1]), match[2], match[3]
    if day:
        first = date(year, int(month), int(day))
        return first, first + timedelta(days=1)
    if month:
        first = date(year, int(month), 1)
        return first, _months_later(first, 1)
    return date(year, 1, 1), date(year + 1, 1, 1)


def _before(day: date, count: int, unit: str) -> date:
    match unit:
        case "d":
            return day - timedelta(days=count)
        case "w":
            return day - timedelta(weeks=count)
        case "m":
            return _months_later(day, -count)
        case _:
            return _months_later(day, -12 * count)


def _months_later(day: date, count: int) -> date:
    """The same day of another month, or the last of that month, if it is shorter."""
    months = day.year * 12 + day.month - 1 + count
    first = date(months // 12, months % 12 + 1, 1)
    length = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, length.day))
