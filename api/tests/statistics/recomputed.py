"""The dashboard's figures in plain Python, from the rows as they are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from statistics import quantiles
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.models import Issue, Severity, Status
from tracker.statistics.schemas import DashboardStats
from tracker.statistics.window import Window


async def visible_rows(sessions: Sessions, reporter_id: int | None) -> list[Issue]:
    async with sessions() as session:
        query = select(Issue).where(Issue.deleted_at.is_(None))
        if reporter_id:
            query = query.where(Issue.reporter_id == reporter_id)
        return list(await session.scalars(query))


def _duration(seconds: Iterable[float]) -> dict[str, Any]:
    """By linear interpolation between the two nearest."""
    values = sorted(seconds)
    if len(values) < 2:
        median = p85 = values[0] if values else None
    else:
        cuts = quantiles(values, n=100, method="inclusive")
        median, p85 = cuts[49], cuts[84]
    hour, day = 3600, 86400
    bounds = (hour, 4 * hour, day, 3 * day, 7 * day, 14 * day, 28 * day, 91 * day, None)
    bucket_of = Counter(next(bound for bound in bounds if bound is None or value < bound) for value in values)
    return {
        "count": len(values),
        "median_seconds": median if median is None else pytest.approx(median),
        "p85_seconds": p85 if p85 is None else pytest.approx(p85),
        "distribution": [{"below_seconds": bound, "count": bucket_of[bound]} for bound in bounds],
    }


def recomputed(issues: list[Issue], window: Window, viewer: Viewer) -> dict[str, Any]:
    def day(moment: datetime) -> date:
        return moment.astimezone(window.zone).date()

    still_open = [issue for issue in issues if issue.status not in {"done", "cancelled"}]
    days = [window.last - timedelta(days=number) for number in reversed(range(window.days))]
    tags = Counter(tag.casefold() for issue in still_open for tag in issue.tags)
    return {
        "total": len(issues),
        "by_status": {status: sum(issue.status == status for issue in issues) for status in Status},
        "by_severity": {severity: sum(issue.severity == severity for issue in issues) for severity in Severity},
        "open_by_severity": {
            severity: sum(issue.severity == severity for issue in still_open) for severity in Severity
        },
        "unassigned": sum(issue.assignee_id is None for issue in still_open),
        "my_open": sum(not viewer.is_staff or issue.assignee_id == viewer.id for issue in still_open),
        "oldest_open": [issue.id for issue in sorted(still_open, key=lambda issue: (issue.created_at, issue.id))[:5]],
        "flow": [
            {
                "day": each.isoformat(),
                "opened": sum(day(issue.created_at) == each for issue in issues),
                **{
                    status: sum(
                        issue.status == status and issue.closed_at is not None and day(issue.closed_at) == each
                        for issue in issues
                    )
                    for status in ("done", "cancelled")
                },
            }
            for each in days
        ],
        "time_to_triage": _duration(
            (issue.triaged_at - issue.created_at).total_seconds()
            for issue in issues
            if issue.triaged_at and day(issue.triaged_at) >= days[0]
        ),
        "time_to_close": _duration(
            (issue.closed_at - issue.created_at).total_seconds()
            for issue in issues
            if issue.status == "done" and issue.closed_at and day(issue.closed_at) >= days[0]
        ),
        "top_tags": [tags[key] for key in sorted(tags, key=lambda key: (-tags[key], key))],
    }


def comparable(computed: DashboardStats, expected: Mapping[str, Any]) -> dict[str, Any]:
    """Of the figures those that are expected, in the same form."""
    figures = msgspec.to_builtins(computed)
    figures["oldest_open"] = [issue.id for issue in computed.oldest_open]
    figures["top_tags"] = [tag.count for tag in computed.top_tags]
    return {name: figures[name] for name in expected}
