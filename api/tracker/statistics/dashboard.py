"""The dashboard's figures, straight from the database."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.schema import PersonRef
from tracker.issues.tags import TagCount
from tracker.models import CLOSED_STATUSES, Issue, Severity, Status, User
from tracker.statistics.daily import by_day
from tracker.statistics.questions import (
    BUCKETS,
    TOP,
    Questions,
    as_json,
    questions_about_all,
    questions_about_some,
)
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
from tracker.statistics.window import Window

T = TypeVar("T")
Told = dict[str, str]
"""Answers in JSON, by the names of the questions."""

_MEMORY = select(func.set_config("work_mem", "32MB", true()))
"""For the issues that are asked about, and to look up which of the log's events are theirs; else on the disk."""


class Computed(msgspec.Struct):
    """Figures that all of the staff share, but for how many open issues are assigned to each."""

    stats: DashboardStats
    open_by_assignee: dict[int, int]

    def of(self, viewer: Viewer) -> DashboardStats:
        if viewer.is_staff:
            self.stats.my_open = self.open_by_assignee.get(viewer.id, 0)
        return self.stats


class _Durations(msgspec.Struct, array_like=True):
    count: int
    median: float | None
    p85: float | None
    below: list[int]


class _Counts:
    def __init__(self, rows: Iterable[tuple[Status, Severity, int | None, int]]) -> None:
        self.by_status = Counter[str]()
        self.by_severity = Counter[str]()
        self.open_by_severity = Counter[str]()
        self.open_by_assignee = Counter[int | None]()
        for status, severity, assignee_id, issues in rows:
            self.by_status[status] += issues
            self.by_severity[severity] += issues
            if status not in CLOSED_STATUSES:
                self.open_by_severity[severity] += issues
                self.open_by_assignee[assignee_id] += issues


async def compute_dashboard(
    sessions: Sessions, viewer: Viewer, window: Window, condition: ColumnElement[bool] | None = None
) -> Computed:
    """All figures: the whole tracker's for staff, their own issues' for reporters.

    With a condition they are about the issues that meet it now, also where they tell of the past.
    """
    if viewer.is_staff and condition is None:
        # Over two connections at once: they take about the same time.
        halves = await asyncio.gather(*(_ask(sessions, half) for half in questions_about_all(window)))
        told = halves[0] | halves[1]
    else:
        questions = questions_about_some(viewer, window, true() if condition is None else condition)
        told = await _ask(sessions, questions, _MEMORY)
    async with sessions() as session:
        return await _figures(session, told, viewer, window)


async def _ask(sessions: Sessions, questions: Questions, *settings: Select[Any]) -> Told:
    """In one statement: what is found for one question needs not be found again for the next."""
    async with sessions() as session:
        for setting in settings:
            await session.execute(setting)
        answers = (await session.execute(select(*map(as_json, questions.values())))).one()
    return dict(zip(questions, answers, strict=True))


async def _figures(session: AsyncSession, told: Told, viewer: Viewer, window: Window) -> Computed:
    counts = _Counts(_read(told["counts"], list[tuple[Status, Severity, int | None, int]]))
    assigned = {user_id: issues for user_id, issues in counts.open_by_assignee.items() if user_id is not None}
    by_status = StatusCounts(**counts.by_status)
    # The job counts today every half hour only, and on the first day maybe not yet.
    today = DayStatus(day=window.last_utc, **msgspec.structs.asdict(by_status))
    past = by_day(_read(told["history"], list[tuple[date, Status, int]]))
    (triage,), (close,) = (_read(told[name], list[_Durations]) for name in ("triage", "close"))
    top_reporters = top_assignees = None
    if viewer.is_staff:
        most = sorted(assigned.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]
        top_assignees = await _named(session, most)
        top_reporters = await _named(session, _read(told["reporters"], list[tuple[int, int]]))
    stats = DashboardStats(
        days=window.days,
        tz=window.zone.key,
        computed_at=window.now,
        total=counts.by_status.total(),
        by_status=by_status,
        by_severity=SeverityCounts(**counts.by_severity),
        open_by_severity=SeverityCounts(**counts.open_by_severity),
        unassigned=counts.open_by_assignee[None],
        my_open=assigned.get(viewer.id, 0) if viewer.is_staff else counts.open_by_assignee.total(),
        oldest_open=await _oldest(session, [row[0] for row in _read(told["oldest"], list[tuple[int]])]),
        flow=_flow(told, window),
        time_to_triage=_duration(triage),
        time_to_close=_duration(close),
        top_tags=[TagCount(name=name, count=uses) for name, uses in _read(told["tags"], list[tuple[str, int]])],
        top_reporters=top_reporters,
        top_assignees=top_assignees,
        status_history=[*(day for day in past if day.day < today.day), today],
    )
    return Computed(stats, assigned)


def _read(told: str, type_: type[T]) -> T:
    return msgspec.json.decode(told, type=type_)


def _flow(told: Told, window: Window) -> list[DayFlow]:
    flow = [DayFlow(day=day, opened=0, done=0, cancelled=0) for day in window.dates]
    for number, issues in _read(told["opened"], list[tuple[int, int]]):
        flow[number - 1].opened = issues
    for number, status, issues in _read(told["closed"], list[tuple[int, Status, int]]):
        setattr(flow[number - 1], status, issues)
    return flow


def _duration(told: _Durations) -> Duration:
    return Duration(
        count=told.count,
        median_seconds=told.median,
        p85_seconds=told.p85,
        distribution=[
            DurationBucket(below_seconds=bound, count=upper - lower)
            for bound, (lower, upper) in zip((*BUCKETS, None), pairwise((0, *told.below, told.count)), strict=True)
        ],
    )


async def _oldest(session: AsyncSession, ids: Sequence[int]) -> list[OldIssue]:
    columns = (Issue.id, Issue.title, Issue.status, Issue.severity, Issue.created_at)
    rows = await session.execute(select(*columns).where(Issue.id.in_(ids)).order_by(Issue.created_at, Issue.id))
    return [
        OldIssue(id=row.id, title=row.title, status=row.status, severity=row.severity, created_at=row.created_at)
        for row in rows
    ]


async def _named(session: AsyncSession, counts: Sequence[tuple[int, int]]) -> list[PersonCount]:
    query = select(User.id, User.full_name).where(User.id.in_([user_id for user_id, _ in counts]))
    names = {row.id: row.full_name for row in await session.execute(query)}
    return [
        PersonCount(person=PersonRef(id=user_id, full_name=names[user_id]), count=issues) for user_id, issues in counts
    ]
