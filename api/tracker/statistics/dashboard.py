"""The dashboard's figures, straight from the indexes of `issues`."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import TIMESTAMP, ColumnElement, Select, and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.schema import PersonRef
from tracker.issues.tags import count_tags
from tracker.issues.visibility import visible_issues
from tracker.models import CLOSED_STATUSES, Issue, Status, User
from tracker.statistics.daily import DailyStats
from tracker.statistics.schemas import (
    DashboardStats,
    DayFlow,
    DayStatus,
    Duration,
    DurationBucket,
    OldIssue,
    PersonCount,
    SeverityCounts,
    StatusCounts,
)

OLDEST, TOP = 5, 10

HOUR, DAY, WEEK = 3_600, 86_400, 604_800
BUCKETS = (HOUR, 4 * HOUR, DAY, 3 * DAY, WEEK, 2 * WEEK, 4 * WEEK, 13 * WEEK)
"""Where the buckets of a duration end: few enough to read, and each about three times the one before."""


class Window(msgspec.Struct, frozen=True):
    """The days that end with today, as a time zone cuts them."""

    days: int
    zone: ZoneInfo
    now: datetime

    @property
    def last(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def last_utc(self) -> date:
        return self.now.astimezone(UTC).date()

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)

    @property
    def begin(self) -> datetime:
        return self.midnight(self.first)

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.days)]

    def midnight(self, day: date) -> datetime:
        """When the day begins; days on which the clocks change have 23 or 25 hours."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


class Counts(msgspec.Struct):
    by_status: Counter[str] = msgspec.field(default_factory=Counter[str])
    by_severity: Counter[str] = msgspec.field(default_factory=Counter[str])
    open_by_severity: Counter[str] = msgspec.field(default_factory=Counter[str])
    open_by_assignee: Counter[int | None] = msgspec.field(default_factory=Counter[int | None])


class Dashboard:
    """Computes the figures for one viewer: the whole tracker's for staff, their own issues' for reporters.

    With a condition they are about the issues that meet it now, also where they tell of the past.
    """

    def __init__(self, session: AsyncSession, viewer: Viewer, condition: ColumnElement[bool] | None = None) -> None:
        self._session = session
        self._viewer = viewer
        self._condition = condition
        self._visible = visible_issues(viewer) if condition is None else and_(visible_issues(viewer), condition)

    async def my_open(self) -> int:
        """Apart from the rest, because it is the only figure in which two of the staff differ."""
        mine = Issue.assignee_id == self._viewer.id if self._viewer.is_staff else true()
        query = select(func.count()).select_from(Issue).where(self._visible, mine, Issue.closed_at.is_(None))
        return await self._session.scalar(query) or 0

    async def work(self, window: Window) -> dict[str, Any]:
        """The figures about the issues themselves."""
        counts = await self._counts()
        return {
            "total": counts.by_status.total(),
            "by_status": StatusCounts(**counts.by_status),
            "by_severity": SeverityCounts(**counts.by_severity),
            "open_by_severity": SeverityCounts(**counts.open_by_severity),
            "unassigned": counts.open_by_assignee[None],
            "my_open": await self.my_open(),
            "oldest_open": await self._oldest_open(),
            "flow": await self._flow(window),
            "time_to_triage": await self._duration(Issue.triaged_at, window),
            "time_to_close": await self._duration(Issue.closed_at, window, Issue.status == Status.DONE),
            "top_assignees": await self._top_assignees(counts) if self._viewer.is_staff else None,
        }

    async def context(self, window: Window) -> dict[str, Any]:
        """The figures about tags, people and the past."""
        first_utc = window.last_utc - timedelta(days=window.days - 1)
        daily = DailyStats(self._session)
        return {
            "top_tags": await count_tags(
                self._session, self._viewer, Issue.closed_at.is_(None), self._visible, limit=TOP
            ),
            "top_reporters": await self._top_reporters(window) if self._viewer.is_staff else None,
            "status_history": (
                await daily.read(first_utc, window.last_utc)
                if self._viewer.is_staff and self._condition is None
                else await daily.of_issues(self._viewer, self._condition, first_utc, window.last_utc)
            ),
        }

    async def _counts(self) -> Counts:
        """Every count by status, severity and assignee, from one pass over one index."""
        query = (
            select(Issue.status, Issue.severity, Issue.assignee_id, func.count().label("issues"))
            .where(self._visible)
            .group_by(Issue.status, Issue.severity, Issue.assignee_id)
        )
        counts = Counts()
        for status, severity, assignee_id, issues in await self._session.execute(query):
            counts.by_status[status] += issues
            counts.by_severity[severity] += issues
            if status not in CLOSED_STATUSES:
                counts.open_by_severity[severity] += issues
                counts.open_by_assignee[assignee_id] += issues
        return counts

    async def _oldest_open(self) -> list[OldIssue]:
        query = (
            select(Issue.id, Issue.title, Issue.status, Issue.severity, Issue.created_at)
            .where(self._visible, Issue.closed_at.is_(None))
            .order_by(Issue.created_at, Issue.id)
            .limit(OLDEST)
        )
        return [
            OldIssue(id=row.id, title=row.title, status=row.status, severity=row.severity, created_at=row.created_at)
            for row in await self._session.execute(query)
        ]

    async def _flow(self, window: Window) -> list[DayFlow]:
        flow = [DayFlow(day=day, opened=0, done=0, cancelled=0) for day in window.dates]
        opened = _day_number(Issue.created_at, window)
        query: Select[Any] = select(opened, func.count()).where(self._visible, Issue.created_at >= window.begin)
        for number, issues in await self._session.execute(query.group_by(opened)):
            flow[number - 1].opened = issues
        closed = _day_number(Issue.closed_at, window)
        query = select(closed, Issue.status, func.count().label("issues")).where(
            self._visible, Issue.closed_at >= window.begin
        )
        for row in await self._session.execute(query.group_by(closed, Issue.status)):
            number: int = row.day
            setattr(flow[number - 1], row.status, row.issues)
        return flow

    async def _duration(
        self, end: InstrumentedAttribute[datetime | None], window: Window, *conditions: ColumnElement[bool]
    ) -> Duration:
        seconds = func.date_part("epoch", end - Issue.created_at)
        query = select(
            func.count().label("issues"),
            func.percentile_cont(0.5).within_group(seconds).label("median"),
            func.percentile_cont(0.85).within_group(seconds).label("p85"),
            *(func.count().filter(seconds < bound) for bound in BUCKETS),
        ).where(self._visible, end >= window.begin, *conditions)
        issues, median, p85, *below = (await self._session.execute(query)).one()
        return Duration(
            count=issues,
            median_seconds=median,
            p85_seconds=p85,
            distribution=[
                DurationBucket(below_seconds=bound, count=upper - lower)
                for bound, (lower, upper) in zip((*BUCKETS, None), pairwise((0, *below, issues)), strict=True)
            ],
        )

    async def _top_reporters(self, window: Window) -> list[PersonCount]:
        query = (
            select(Issue.reporter_id, func.count())
            .where(self._visible, Issue.created_at >= window.begin)
            .group_by(Issue.reporter_id)
            .order_by(func.count().desc(), Issue.reporter_id)
            .limit(TOP)
        )
        return await self._named([(row[0], row[1]) for row in await self._session.execute(query)])

    async def _top_assignees(self, counts: Counts) -> list[PersonCount]:
        people = ((user_id, issues) for user_id, issues in counts.open_by_assignee.items() if user_id is not None)
        return await self._named(sorted(people, key=lambda pair: (-pair[1], pair[0]))[:TOP])

    async def _named(self, counts: Sequence[tuple[int, int]]) -> list[PersonCount]:
        query = select(User.id, User.full_name).where(User.id.in_([user_id for user_id, _ in counts]))
        names = {row.id: row.full_name for row in await self._session.execute(query)}
        return [
            PersonCount(person=PersonRef(id=user_id, full_name=names[user_id]), count=issues)
            for user_id, issues in counts
        ]


async def compute_dashboard(
    sessions: Sessions, viewer: Viewer, window: Window, condition: ColumnElement[bool] | None = None
) -> DashboardStats:
    """All figures, over two connections at once: their halves take about the same time."""
    async with sessions() as one, sessions() as other:
        work, context = await asyncio.gather(
            Dashboard(one, viewer, condition).work(window), Dashboard(other, viewer, condition).context(window)
        )
    # The job counts today every half hour only, and on the first day maybe not yet.
    today = DayStatus(day=window.last_utc, **msgspec.structs.asdict(work["by_status"]))
    past: list[DayStatus] = context.pop("status_history")
    return DashboardStats(
        days=window.days,
        tz=window.zone.key,
        computed_at=window.now,
        status_history=[*(day for day in past if day.day < today.day), today],
        **work,
        **context,
    )


def _day_number(moment: InstrumentedAttribute[Any], window: Window) -> ColumnElement[int]:
    """Which day of the window it was on, from 1."""
    midnights = [window.midnight(day) for day in window.dates]
    return func.width_bucket(moment, cast(midnights, ARRAY(TIMESTAMP(timezone=True)))).label("day")
