"""The issue list: filters, orders, keyset pages."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Record

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import Invalid
from tracker.core.paging import Moment, decode_cursor, encode_cursor
from tracker.core.reads import Reads
from tracker.core.schema import MAX_ID
from tracker.core.text import key_of, trimmed
from tracker.issues.hindsight import REACHES, look_at_all
from tracker.issues.list_statements import COUNT_CAP, Asked, Prepared, Shape, prepare
from tracker.issues.queries import names_people, read_queries
from tracker.issues.rows import row_of
from tracker.issues.schemas import IssuePage
from tracker.issues.totals import Total, Totals
from tracker.issues.words import Lookup, Ways, plan_lookup
from tracker.models import Severity, Status
from tracker.query.ast import Sort

DEAR = 40_000
"""What a total may cost, as the database reckons: with its own settings, a tenth of a second or more."""
LATEST = 20_000
"""Among so many issues those are counted of which to count all would take long."""

FARTHEST = 100_000
"""To look at so many issues one by one takes about as long as to look up all that hold common words, among a million."""
AHEAD = 2
"""How many times as many are looked at as should do."""

_PERSON_ID = re.compile(r"[1-9][0-9]{0,18}")


class IssueFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What to list. Several values of one field mean any of them; several tags or queries mean all of them."""

    q: tuple[str, ...] = ()
    """In the query language."""
    zone: ZoneInfo = ZoneInfo("UTC")
    """Cuts the days that `q` names."""
    status: tuple[Status, ...] = ()
    severity: tuple[Severity, ...] = ()
    tag: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    """Ids, `me`, `none`."""
    reporter: tuple[str, ...] = ()
    """Ids, `me`."""


class IssueList:
    """Lists issues for one viewer."""

    def __init__(self, reads: Reads, totals: Totals, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._reads = reads
        self._totals = totals
        self._viewer = viewer
        self._clock = clock

    async def page(self, filters: IssueFilters, *, sort: Sort, cursor: str | None, limit: int) -> IssuePage:
        """One page, in two statements at most whatever its size; in two more if it asks for words or for the past.

        A `sort:` in a query goes before the order given.

        Raises:
            Invalid: a query, a filter or the cursor makes no sense.
        """
        people, unassigned = self._people(filters)
        tags = tuple(sorted({key_of(trimmed(tag)) for tag in filters.tag}))
        asked, lookup, past = self._asked(filters), Lookup(Ways(self._viewer.is_staff), reach=0), None
        queries = read_queries(asked.q, asked.today) if asked else ()
        if asked:
            lookup = await plan_lookup(self._reads, queries, is_staff=self._viewer.is_staff, cap=COUNT_CAP)
            past = await look_at_all(self._reads, asked)
        is_constant = self._viewer.is_staff and not (people or asked)
        shape = Shape(
            is_staff=self._viewer.is_staff,
            statuses=tuple(sorted(set(filters.status))),
            severities=tuple(sorted(set(filters.severity))),
            tags=tags,
            people=frozenset((name, len(ids) == 1) for name, ids in people.items()),
            unassigned=unassigned,
            is_first=not cursor,
            size=limit + 1 if is_constant else None,
            sort=sort,
            asked=asked,
            ways=lookup.ways,
            past=past,
        )
        prepared = prepare(shape)
        arguments: dict[str, Any] = {name: ids[0] if len(ids) == 1 else ids for name, ids in people.items()}
        arguments["viewer_id"] = self._viewer.id
        if cursor:
            arguments["reached"], arguments["reached_id"] = _position(cursor, prepared.sort)
        scope = "all" if self._viewer.is_staff else self._viewer.id
        persons = tuple((name, tuple(ids)) for name, ids in people.items())
        list_ = (scope, shape.statuses, shape.severities, tags, persons, unassigned, asked)
        if any(map(names_people, queries)):
            list_ = None
        known = list_ and self._totals.get(list_)
        seen, latest = (known.seen, known.latest_id) if known else (None, None)
        arguments |= {"limit": limit + 1, "seen": seen, "latest": latest}
        if past:
            rows = await self._rows(prepared, arguments, REACHES, farthest=REACHES[-1])
        else:
            rows = await self._rows(prepared, arguments, (lookup.reach,), farthest=FARTHEST)
        is_least = False
        if not cursor and len(rows) <= limit:
            total = len(rows)
        elif known and rows and not rows[0]["changed"]:
            total, is_least = known.issues, known.is_least
        elif lookup.is_capped and not shape.narrows:
            total = COUNT_CAP + 1
        else:
            counted = await self._count(prepared, arguments)
            total, is_least = counted["total"], counted["is_least"]
            if list_:
                self._totals.put(list_, Total(total, is_least, counted["seen"], counted["latest"]))
        if is_least:
            total = max(total, len(rows))
        more, rows = len(rows) > limit, rows[:limit]
        return IssuePage(
            items=[row_of(row) for row in rows],
            next_cursor=_cursor_after(rows[-1], prepared.sort) if more else None,
            total=min(total, COUNT_CAP),
            total_is_capped=is_least or total > COUNT_CAP,
        )

    async def _count(self, prepared: Prepared, arguments: dict[str, Any]) -> Record:
        """All that fit, or those among the latest issues if the database expects that to take long."""
        if dear := prepared.dear:
            ((plan,),) = (row[0] for row in await self._reads.estimate(dear.cost, **arguments))
            if plan["Plan"]["Total Cost"] > DEAR:
                return (await self._reads.fetch(dear.least, **arguments, reach=LATEST))[0]
        return (await self._reads.fetch(prepared.total, **arguments))[0]

    async def _rows(
        self, prepared: Prepared, arguments: dict[str, Any], reaches: Sequence[int], *, farthest: int
    ) -> list[Record]:
        """As many as the limit, from as near as they can be found."""
        if prepared.thorough is None:
            return await self._reads.fetch(prepared.page, **arguments)
        limit, rows = arguments["limit"], list[Record]()
        for reach in reaches:
            rows = await self._reads.fetch(prepared.page, **arguments, reach=reach)
            if len(rows) == limit:
                return rows
        # The others may well be as near to each other as those that were found.
        farther = AHEAD * reaches[-1] * limit // max(1, len(rows))
        if farther <= farthest:
            rows = await self._reads.fetch(prepared.page, **arguments, reach=farther)
            if len(rows) == limit:
                return rows
        return await self._reads.fetch(prepared.thorough, **arguments)

    def _asked(self, filters: IssueFilters) -> Asked | None:
        if not filters.q:
            return None
        viewer = Viewer(self._viewer.id, self._viewer.role)  # whatever their session
        return Asked(viewer, filters.q, filters.zone, self._clock().astimezone(filters.zone).date())

    def _people(self, filters: IssueFilters) -> tuple[dict[str, list[int]], bool]:
        """The people that were asked for, by the name of their parameter, and whether nobody is one of them."""
        assignees = [one for one in filters.assignee if one != "none"]
        people = {
            "reporters": self._ids(filters.reporter, "reporter", "a person's id or `me`"),
            "assignees": self._ids(assignees, "assignee", "a person's id, `me` or `none`"),
        }
        return {name: ids for name, ids in people.items() if ids}, "none" in filters.assignee

    def _ids(self, values: Sequence[str], field: str, expected: str) -> list[int]:
        ids: set[int] = set()
        for value in values:
            if value == "me":
                ids.add(self._viewer.id)
            elif _PERSON_ID.fullmatch(value) and int(value) <= MAX_ID:
                ids.add(int(value))
            else:
                raise Invalid.field(field, f"Must be {expected}.")
        return sorted(ids)


def _cursor_after(row: Any, sort: Sort) -> str:
    columns = {"created": "created_at", "updated": "updated_at", "severity": "severity"}
    return encode_cursor(sort, row[columns[sort.removeprefix("-")]], row["id"])


def _position(cursor: str, sort: Sort) -> tuple[datetime | Severity, int]:
    shape: Any = tuple[Sort, Severity if sort in {Sort.MOST_SEVERE, Sort.LEAST_SEVERE} else Moment, int]
    made_for, value, issue_id = decode_cursor(cursor, shape)
    if made_for is not sort:
        raise Invalid.field("cursor", "This cursor belongs to another sort order. Begin again without one.")
    return value, issue_id
