"""How many issues have each tag, of all there are: counted once, and kept up from then on by what the log tells.

To count takes as long as to read all issues; to learn what has changed, as long as there are changes.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from time import monotonic
from typing import Any, NamedTuple

from asyncpg import Record
from sqlalchemy import BigInteger, ColumnElement, Text, and_, cast, func, literal_column, or_, select, true
from sqlalchemy.orm import aliased

from tracker.core.reads import Reads
from tracker.core.statements import Statement, constant, parameter
from tracker.core.text import key_of
from tracker.events.window import events_in, is_too_much, since
from tracker.issues.tags import TagCount, spellings_of
from tracker.models import EventType, Issue

RECOUNT_SECONDS = 600
"""Counted anew after so long, in case that somebody has changed tags by hand."""

_MOVED = (EventType.ISSUE_DELETED, EventType.ISSUE_RESTORED)


class Known(NamedTuple):
    uses: Counter[tuple[str, str]]
    """By key and spelling."""
    seen: str
    """The `pg_snapshot` that was counted in."""
    latest_id: int | None
    """Of the latest issue then …"""
    latest_at: datetime | None
    """… and when it was filed: that it is still there tells that nobody has put another database in this one's place."""
    counted_at: float


class TagCounts:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: Known | None = None
        self._counting = asyncio.Lock()

    async def all(self) -> list[TagCount]:
        """Each tag in the spelling that is used most, most used first."""
        async with self._counting:
            known = self._known and await self._caught_up(self._known)
            self._known = known or await self._counted()
            return _named(self._known.uses)

    async def _counted(self) -> Known:
        rows = await self._reads.fetch(_COUNT)
        uses = Counter({(row["key"], row["name"]): row["uses"] for row in rows if row["key"] is not None})
        return Known(uses, rows[0]["seen"], rows[0]["latest"], rows[0]["latest_at"], monotonic())

    async def _caught_up(self, known: Known) -> Known | None:
        """With what has changed since; None if that can't be told."""
        if known.latest_id is None or monotonic() - known.counted_at > RECOUNT_SECONDS:
            return None
        arguments = {"seen": known.seen, "latest": known.latest_id, "latest_at": known.latest_at}
        rows = await self._reads.fetch(_CHANGES, **arguments)
        first, changes = rows[0], [row for row in rows if row["type"] is not None]
        filed = (row["issue_id"] for row in changes if row["type"] == EventType.ISSUE_CREATED)
        if first["too_much"] or not first["is_there"] or first["latest"] > max(known.latest_id, *filed, 0):
            return None
        uses = known.uses.copy()
        if not _apply(uses, sorted(changes, key=itemgetter("id"), reverse=True)):
            return None
        return Known(+uses, first["seen"], first["latest"], first["latest_at"], known.counted_at)


def _apply(uses: Counter[tuple[str, str]], changes: Iterable[Record]) -> bool:
    """From the last to the first, so that what comes out of the trash, or goes there, has the tags that it had then.

    Returns:
        Whether that is known: of what has been purged since, it is not, and an import that is undone takes back what it
        changed with the events that tell of it, but for one that tells nothing.
    """
    then: dict[int, list[str]] = {}
    for change in changes:
        if change["type"] == EventType.ISSUE_UPDATED and change["tags"] is None:
            return False
        old, new = change["tags"] or (None, None)
        if change["type"] in _MOVED:
            tags = then.get(change["issue_id"], change["now"])
            if tags is None:
                return False
            old, new = (tags, None) if change["type"] == EventType.ISSUE_DELETED else (None, tags)
        elif old is not None:
            then[change["issue_id"]] = old
        uses.subtract((key_of(tag), tag) for tag in old or ())
        uses.update((key_of(tag), tag) for tag in new or ())
    return True


def _named(uses: Counter[tuple[str, str]]) -> list[TagCount]:
    names: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for (key, name), count in uses.items():
        names[key].append((-count, name))
    totals = sorted((sum(count for count, _ in spelt), key) for key, spelt in names.items())
    return [TagCount(name=min(names[key])[1], count=-total) for total, key in totals]


def _count() -> Statement:
    spellings = spellings_of(Issue, Issue.deleted_at.is_(None)).subquery()
    here = select(*_HERE).subquery()
    return Statement(select(here, spellings).select_from(here).outerjoin(spellings, true()))


def _changes() -> Statement:
    window = since(parameter("seen", Text))
    recent = events_in(window)
    tags = recent.changes["tags"]
    moved = recent.type.in_([str(type_) for type_ in _MOVED])
    tells_nothing = and_(recent.type == str(EventType.ISSUE_UPDATED), recent.changes == literal_column("'{}'::jsonb"))
    told = (
        select(recent.id, recent.type, recent.issue_id, tags.label("tags"), Issue.tags.label("now"))
        .select_from(recent)
        .outerjoin(Issue, and_(Issue.id == recent.issue_id, moved))
        .where(or_(moved, tells_nothing, recent.type == str(EventType.ISSUE_CREATED), tags.is_not(None)))
        .subquery()
    )
    known = aliased(Issue)
    is_same = and_(
        known.id == parameter("latest", BigInteger), known.created_at == parameter("latest_at", known.created_at.type)
    )
    is_there = select(known.id).where(is_same).exists()
    here = select(*_HERE, is_too_much(window).label("too_much"), is_there.label("is_there")).subquery()
    return Statement(select(here, told).select_from(here).outerjoin(told, true()))


def _latest(column: Any, name: str) -> ColumnElement[Any]:
    return select(column).order_by(_issue.id.desc()).limit(constant(1)).scalar_subquery().label(name)


_issue = aliased(Issue)
_HERE = (
    cast(func.pg_current_snapshot(), Text).label("seen"),
    _latest(_issue.id, "latest"),
    _latest(_issue.created_at, "latest_at"),
)
_COUNT, _CHANGES = _count(), _changes()
