"""`daily_stats`: how many issues had which status at the end of each UTC day.

Two ways lead to the same rows. The job goes backward from the issues as they are and takes away what the event
log says has changed since; `rebuild` goes forward through the whole log. That they agree is a test of the log.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import CTE, BigInteger, Date, Select, Text, TextualSelect, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.statistics.schemas import DayStatus

# What events move between statuses, in or out of the trash, by UTC day: -1 for where an issue was, +1 for where it is.
# What is deleted or restored has the status that the last change before gave it. Changes that are alike are counted
# before they are taken apart, because they are many.
_NET = """
    moved AS (
        SELECT least((created_at AT TIME ZONE 'UTC')::date, CAST(:last AS date)) AS day,
               changes->'status'->>0 AS old, changes->'status'->>1 AS new,
               CASE WHEN type IN ('issue.deleted', 'issue.restored') THEN id END AS trash_event_id,
               count(*) AS amount
        FROM {events}
        WHERE (changes ? 'status' OR type IN ('issue.deleted', 'issue.restored')) {since}
        GROUP BY 1, 2, 3, 4
    ),
    net AS (
        SELECT moved.day, move.status, sum(move.amount) AS amount
        FROM moved
        CROSS JOIN LATERAL (
            SELECT old AS status, -amount AS amount
            UNION ALL
            SELECT new, amount
            UNION ALL (
                SELECT earlier.changes->'status'->>1, CASE event.type WHEN 'issue.deleted' THEN -1 ELSE 1 END
                FROM events AS event JOIN events AS earlier ON earlier.issue_id = event.issue_id AND earlier.id < event.id
                WHERE event.id = trash_event_id AND earlier.changes ? 'status'
                ORDER BY earlier.id DESC LIMIT 1
            )
        ) AS move
        GROUP BY 1, 2
    ),
    grid AS (
        SELECT day::date, status
        FROM generate_series(CAST({first} AS date), CAST(:last AS date), interval '1 day') AS day
        CROSS JOIN unnest(enum_range(NULL::issue_status)) AS status
    )
"""

# The count at the end of a day is what it is now, less what has moved since.
_BACKWARD = """
    WITH {net},
    present AS (
        SELECT status, count(*) AS amount FROM {issues} GROUP BY status
    )
    SELECT grid.day, grid.status, coalesce(present.amount, 0) - coalesce(sum(net.amount) OVER (
        PARTITION BY grid.status ORDER BY grid.day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0) AS issues
    FROM grid
    LEFT JOIN net ON net.day = grid.day AND net.status = grid.status::text
    LEFT JOIN present ON present.status = grid.status
"""

_FORWARD = """
    WITH {net}
    SELECT * FROM (
        SELECT grid.day, grid.status,
               coalesce(sum(net.amount) OVER (PARTITION BY grid.status ORDER BY grid.day), 0) AS issues
        FROM grid LEFT JOIN net ON net.day = grid.day AND net.status = grid.status::text
    ) AS counted
    WHERE day >= CAST(:first AS date)
"""

_KEEP = """
    INSERT INTO daily_stats AS kept (day, status, count) {counts}
    ON CONFLICT (day, status) DO UPDATE SET count = excluded.count WHERE kept.count <> excluded.count
"""

_SINCE_FIRST = "AND events.created_at >= (CAST(:first AS date)::timestamp AT TIME ZONE 'UTC')"
_FIRST_EVENT = (
    "SELECT min(created_at) FROM events WHERE changes ? 'status' OR type IN ('issue.deleted', 'issue.restored')"
)


def _backward(issues: str = "issues WHERE deleted_at IS NULL", events: str = "events") -> str:
    net = _NET.format(events=events, since=_SINCE_FIRST, first=":first")
    return _BACKWARD.format(net=net, issues=issues)


def _forward() -> str:
    begin = f"least(CAST(:first AS date), (({_FIRST_EVENT}) AT TIME ZONE 'UTC')::date)"
    return _FORWARD.format(net=_NET.format(events="events", since="", first=begin))


_PROGRESS = text("SELECT seen, counted_at FROM statistics_progress")
_NEW_SINCE = text("""
    SELECT min(created_at) FROM events
    WHERE txid >= pg_snapshot_xmin(CAST(CAST(:seen AS text) AS pg_snapshot))
      AND NOT pg_visible_in_snapshot(txid, CAST(CAST(:seen AS text) AS pg_snapshot))
      AND (changes ? 'status' OR type IN ('issue.deleted', 'issue.restored'))
""")
_NOTE_PROGRESS = text("""
    INSERT INTO statistics_progress (seen, counted_at) VALUES (:seen, :now)
    ON CONFLICT (singleton) DO UPDATE SET seen = excluded.seen, counted_at = excluded.counted_at
""")
_READ = "SELECT day, status::text, count AS issues FROM daily_stats WHERE day BETWEEN :first AND :last ORDER BY day"
_FORGET_BEFORE = text(f"""
    DELETE FROM daily_stats WHERE day < least(CAST(:began AS date), (({_FIRST_EVENT}) AT TIME ZONE 'UTC')::date)
""")  # noqa: S608 (a constant)
_KEEP_BACKWARD = text(_KEEP.format(counts=_backward()))
_KEEP_FORWARD = text(_KEEP.format(counts=_forward()))
# Grouped, which tells the planner that each is there once: else it would rather sort both than look one up in the other.
_THEIRS = """(
    SELECT events.* FROM events JOIN (SELECT id FROM chosen GROUP BY id) AS live ON live.id = events.issue_id
    UNION ALL
    SELECT events.* FROM events JOIN trashed ON trashed.id = events.issue_id
) AS events"""
_OF_SOME = f"SELECT day, status::text, issues FROM ({_backward('chosen', _THEIRS)}) AS counted ORDER BY day"  # noqa: S608
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('daily_stats'))")


class DailyStats:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def refresh(self, now: datetime) -> date:
        """Counts today, and again every day that events have changed since the last run, as an import does.

        Returns:
            The first day that was counted.
        """
        await self._session.execute(_LOCK)
        # Taken before the count: what commits in between is counted now and looked at again next time.
        seen = await self._session.scalar(text("SELECT CAST(pg_current_snapshot() AS text)"))
        progress = (await self._session.execute(_PROGRESS)).one_or_none()
        moments = [now]
        if progress is None:
            moments.append(await self._session.scalar(text(_FIRST_EVENT)) or now)
        else:
            moments += [progress.counted_at, await self._session.scalar(_NEW_SINCE, {"seen": progress.seen}) or now]
        first = min(moments).astimezone(UTC).date()
        await self._session.execute(_KEEP_BACKWARD, {"first": first, "last": now.astimezone(UTC).date()})
        await self._session.execute(_NOTE_PROGRESS, {"seen": seen, "now": now})
        return first

    async def count_anew(self, since: datetime, now: datetime, *, began: datetime) -> None:
        """Counts again from the day of events that have been taken back.

        Args:
            since: when the earliest of them was.
            now: until when.
            began: when they were written; days before that, of which no event is left, are forgotten.
        """
        await self._session.execute(_LOCK)
        first, last = since.astimezone(UTC).date(), now.astimezone(UTC).date()
        await self._session.execute(_FORGET_BEFORE, {"began": began.astimezone(UTC).date()})
        earliest = await self._session.scalar(text("SELECT min(day) FROM daily_stats"))
        if earliest is not None and earliest <= last:
            await self._session.execute(_KEEP_BACKWARD, {"first": max(first, earliest), "last": last})

    async def rebuild(self, first: date, last: date) -> int:
        """Counts a range of days anew from the event log alone; returns how many rows were wrong or missing."""
        await self._session.execute(_LOCK)
        result: Any = await self._session.execute(_KEEP_FORWARD, {"first": first, "last": last})
        return result.rowcount

    async def read(self, first: date, last: date) -> list[DayStatus]:
        """The rows of a range, a day each; days without rows are left out."""
        return by_day((await self._session.execute(select_kept(first, last))).tuples())


def select_kept(first: date, last: date) -> Select[Any]:
    """Selects day, status and number of issues of a range."""
    return select(*_told(_READ, first, last).subquery("kept").c)


def select_history(chosen: CTE, trashed: CTE, first: date, last: date) -> Select[Any]:
    """The same of some issues, counted on the spot.

    Args:
        chosen: the issues, by this name, with `id` and `status`.
        trashed: those in the trash, which were counted before, by this name, with `id`.
        first: of the days.
        last: of them, which must be today.
    """
    return select(*_told(_OF_SOME, first, last).add_cte(chosen, trashed).subquery("history").c)


def _told(sql: str, first: date, last: date) -> TextualSelect:
    return text(sql).bindparams(first=first, last=last).columns(day=Date, status=Text, issues=BigInteger)


def by_day(rows: Iterable[tuple[date, str, int]]) -> list[DayStatus]:
    days: dict[date, DayStatus] = {}
    for day, status, count in rows:
        setattr(days.setdefault(day, DayStatus(day=day)), status, count)
    return list(days.values())
