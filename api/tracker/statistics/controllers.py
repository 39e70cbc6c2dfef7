"""Statistics over HTTP."""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tracker.accounts.guards import staff_only
from tracker.accounts.viewer import Viewer
from tracker.core.clock import utc_now
from tracker.core.errors import Invalid
from tracker.core.openapi import READ, refusals
from tracker.core.zones import TimeZone, zone_of
from tracker.issues.queries import Queries
from tracker.statistics.daily import DailyStats
from tracker.statistics.schemas import DashboardStats, DayStatus
from tracker.statistics.window import Window

MAX_DAYS = 3660


class WindowDays(IntEnum):
    MONTH = 30
    QUARTER = 90
    YEAR = 365


Days = Annotated[WindowDays, QueryParameter(description="Length of the window that ends today: 30, 90 or 365 days.")]
FromDay = Annotated[date, QueryParameter(name="from", description="First UTC day.")]
ToDay = Annotated[date, QueryParameter(name="to", description="Last UTC day, inclusive.")]


@get(
    "/issues/dashboard/stats",
    operation_id="readDashboard",
    tags=["Statistics"],
    summary="The dashboard's figures",
    responses=READ,
)
async def read_dashboard(
    viewer: NamedDependency[Viewer],
    state: State,
    days: Days = WindowDays.MONTH,
    tz: TimeZone = "UTC",
    q: Queries = None,
) -> DashboardStats:
    """Over the issues that the viewer may see: for reporters, what they filed.

    With `q` over those of them that meet it now, also in what the figures tell of earlier days; `as-of:` is refused.

    An issue that was reopened is open, and counts as closed again from its next closing on. Cancelled issues are
    closed but not finished: `flow` counts them apart, and `time_to_close` leaves them out.

    Figures are at most two seconds late. Those that took longer than half a second to count may be late by twenty times
    as long as they took longer, a minute at most; `computed_at` tells. Of more issues than can be counted in five seconds
    there are none: that is a 503, until the query asks for fewer issues, or for fewer days.
    """
    window = Window(days=days, zone=zone_of(tz), now=utc_now())
    return await state.figures.dashboard(viewer, window, q or ())


@get(
    "/stats/daily",
    operation_id="listDailyStats",
    tags=["Statistics"],
    summary="Issues by status at the end of each UTC day",
    guards=[staff_only],
    responses=READ | refusals(403),
)
async def list_daily_stats(state: State, first: FromDay, last: ToDay) -> Sequence[DayStatus]:
    """Rows of `daily_stats`, for today as of the last run of the job (every 30 minutes). At most ten years."""
    if not 0 <= (last - first).days <= MAX_DAYS:
        raise Invalid.field("to", "Must not be before `from`, nor more than ten years after it.")
    async with state.read_sessions() as session:
        return await DailyStats(session).read(first, last)
