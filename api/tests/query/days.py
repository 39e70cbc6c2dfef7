"""Conditions on dates and durations, as texts and what they mean."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from tests.query.meaning import Asker, Term
from tests.query.world import Known


@dataclass(frozen=True)
class Period:
    """Days that a text names, from the first to the one after the last, as seen from today."""

    text: str
    days: Callable[[date], tuple[date, date]]


def _earlier(day: date, count: int, unit: str) -> date:
    if unit in "dw":
        return day - timedelta(days=count * (7 if unit == "w" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def one_day(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _month(year: int, month: int) -> Period:
    first = date(year, month, 1)
    return Period(f"{first:%Y-%m}", lambda _: (first, first + timedelta(days=monthrange(year, month)[1])))


def _ago(count: int, unit: str) -> Period:
    return Period(f"-{count}{unit}", lambda today: one_day(_earlier(today, count, unit)))


def _last(count: int, unit: str) -> Period:
    def days(today: date) -> tuple[date, date]:
        tomorrow = today + timedelta(days=1)
        return _earlier(tomorrow, count, unit), tomorrow

    return Period(f"last-{count}{unit}", days)


_UNIT, _COUNT = st.sampled_from("dwmy"), st.integers(0, 14)
DAY = st.one_of(
    st.dates(date(2024, 10, 1), date(2026, 4, 2)).map(lambda day: Period(f"{day}", lambda _: one_day(day))),
    st.builds(_month, st.integers(2024, 2026), st.integers(1, 12)),
    st.integers(2024, 2026).map(lambda year: Period(f"{year}", lambda _: (date(year, 1, 1), date(year + 1, 1, 1)))),
    st.just(Period("today", one_day)),
    st.just(Period("Yesterday", lambda today: one_day(today - timedelta(days=1)))),
    st.builds(_ago, _COUNT, _UNIT),
    st.builds(_last, _COUNT, _UNIT),
)
Bounds = Callable[[date], tuple[date | None, date | None]]


def _bounded(sign: str, period: Period) -> tuple[str, Bounds]:
    def bounds(today: date) -> tuple[date | None, date | None]:
        first, after = period.days(today)
        return {"<": (None, first), "<=": (None, after), ">": (after, None), ">=": (first, None)}.get(
            sign, (first, after)
        )

    return f"{sign}{period.text}", bounds


def _between(first: Period | None, last: Period | None) -> tuple[str, Bounds]:
    return (
        f"{first.text if first else '*'}..{last.text if last else '*'}",
        lambda today: (first and first.days(today)[0], last and last.days(today)[1]),
    )


_SPAN = st.one_of(
    st.builds(_bounded, st.sampled_from(["", "", "=", "<", "<=", ">", ">="]), DAY),
    st.builds(_between, st.none() | DAY, st.none() | DAY),
)


def _dated(field: str, spans: Sequence[tuple[str, Bounds]]) -> Term:
    def test(issue: Known, asker: Asker) -> bool:
        at: datetime | None = getattr(issue, f"{field}_at")
        if at is None:
            return False
        within = False
        for _, bounds in spans:
            since, until = bounds(asker.today)
            within |= (since is None or at >= asker.begin(since)) and (until is None or at < asker.begin(until))
        return within

    return Term(f"{field}:{','.join(text for text, _ in spans)}", test, knows_past=field == "created")


DATED = st.builds(_dated, st.sampled_from(["created", "updated", "closed"]), st.lists(_SPAN, min_size=1, max_size=2))


def _took(sign: str, count: int, unit: str, more: int | None) -> Term:
    length = timedelta(hours=count * {"h": 1, "d": 24, "w": 168}[unit])
    end = length + timedelta(days=more or 0)
    text = f"{count}{unit}..{int(end.total_seconds()) // 3600}h" if more is not None else f"{sign}{count}{unit}"

    def test(issue: Known, _: Asker) -> bool:
        if issue.closed_at is None:
            return False
        took = issue.closed_at - issue.created_at
        if more is not None:
            return length <= took < end
        return took >= length if sign.startswith(">") else took < length

    return Term(f"took:{text}", test, knows_past=False)


TOOK = st.builds(
    _took,
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(0, 60),
    st.sampled_from("hdw"),
    st.none() | st.integers(0, 90),
)
