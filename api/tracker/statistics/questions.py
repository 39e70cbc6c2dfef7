"""What the dashboard asks the database: each figure is a query over the same issues."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, Select, Text, case, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, aliased

from tracker.accounts.viewer import Viewer
from tracker.issues.tags import select_tags
from tracker.issues.visibility import visible_issues
from tracker.models import Issue, Status
from tracker.statistics.daily import select_history, select_kept
from tracker.statistics.window import Window

OLDEST, TOP = 5, 10

HOUR, DAY, WEEK = 3_600, 86_400, 604_800
BUCKETS = (HOUR, 4 * HOUR, DAY, 3 * DAY, WEEK, 2 * WEEK, 4 * WEEK, 13 * WEEK)
"""Where the buckets of a duration end: few enough to read, and each about three times the one before."""

Questions = Mapping[str, Select[Any]]
"""By their names."""


def questions_about_all(window: Window) -> tuple[Questions, Questions]:
    """In two halves. Each is answered by an index of its own."""
    live = Issue.deleted_at.is_(None)
    history = select_kept(window.first_utc, window.last_utc)
    return _about_issues(Issue, live, window), _about_others(Issue, live, window, history)


def questions_about_some(viewer: Viewer, window: Window, condition: ColumnElement[bool]) -> Questions:
    """About the issues that the viewer may see and that meet a condition now. All in one statement, which finds these once."""
    is_open = Issue.closed_at.is_(None)
    chosen = (
        select(
            Issue.id,
            Issue.status,
            Issue.severity,
            Issue.assignee_id,
            Issue.reporter_id,
            Issue.created_at,
            Issue.triaged_at,
            Issue.closed_at,
            case((is_open, Issue.tags)).label("tags"),
            case((is_open, Issue.tag_keys)).label("tag_keys"),
        )
        .where(visible_issues(viewer), condition)
        .cte("chosen")
        .prefix_with("MATERIALIZED")
    )
    issue = aliased(Issue, chosen, adapt_on_names=True)
    trashed = (
        select(Issue.id)
        .where(visible_issues(viewer, trashed=True), Issue.deleted_at.is_not(None), condition)
        .cte("trashed")
    )
    history = select_history(chosen, trashed, window.first_utc, window.last_utc)
    return {**_about_issues(issue, true(), window), **_about_others(issue, true(), window, history)}


def as_json(question: Select[Any]) -> ColumnElement[str]:
    """The answer as one value: an array of arrays, as text."""
    rows = question.subquery()
    row = func.json_build_array(*rows.c)
    told = select(func.json_agg(row)).scalar_subquery()
    return func.coalesce(cast(told, Text), literal_column("'[]'"))


def _about_issues(issue: type[Issue], is_meant: ColumnElement[bool], window: Window) -> Questions:
    is_open = issue.closed_at.is_(None)
    opened, closed = _day_number(issue.created_at, window), _day_number(issue.closed_at, window)
    number = func.count()
    return {
        # Every count by status, severity and assignee, from one pass over one index.
        "counts": select(issue.status, issue.severity, issue.assignee_id, number)
        .where(is_meant)
        .group_by(issue.status, issue.severity, issue.assignee_id),
        "oldest": select(issue.id).where(is_meant, is_open).order_by(issue.created_at, issue.id).limit(OLDEST),
        "opened": select(opened, number).where(is_meant, issue.created_at >= window.begin).group_by(opened),
        "closed": select(closed, issue.status, number)
        .where(is_meant, issue.closed_at >= window.begin)
        .group_by(closed, issue.status),
        "triage": _durations(issue, issue.triaged_at, is_meant, issue.triaged_at >= window.begin),
        "close": _durations(
            issue, issue.closed_at, is_meant, issue.closed_at >= window.begin, issue.status == Status.DONE
        ),
    }


def _about_others(issue: type[Issue], is_meant: ColumnElement[bool], window: Window, history: Select[Any]) -> Questions:
    """Tags, people and the past."""
    return {
        "tags": select_tags(issue, is_meant, issue.closed_at.is_(None), limit=TOP),
        "reporters": select(issue.reporter_id, func.count())
        .where(is_meant, issue.created_at >= window.begin)
        .group_by(issue.reporter_id)
        .order_by(func.count().desc(), issue.reporter_id)
        .limit(TOP),
        "history": history,
    }


def _durations(issue: type[Issue], end: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    seconds = func.date_part("epoch", end - issue.created_at)
    return select(
        func.count(),
        func.percentile_cont(0.5).within_group(seconds),
        func.percentile_cont(0.85).within_group(seconds),
        func.json_build_array(*(func.count().filter(seconds < bound) for bound in BUCKETS)),
    ).where(*conditions)


def _day_number(moment: InstrumentedAttribute[Any], window: Window) -> ColumnElement[int]:
    """Which day of the window it was on, from 1."""
    midnights = [window.midnight(day) for day in window.dates]
    return func.width_bucket(moment, cast(midnights, ARRAY(TIMESTAMP(timezone=True)))).label("day")
