"""In what way to look at what issues once were, so that neither rare nor common values take long."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from tracker.core.reads import Reads
from tracker.core.statements import Statement
from tracker.issues.list_statements import Asked
from tracker.issues.queries import read_queries
from tracker.models import Event
from tracker.query.past import Look, all_at_once, issue_by_issue
from tracker.query.predicate import condition_of

MOST_AT_ONCE = 40_000
"""So many events at most may be looked up at once, as the database expects it: where more have ended a value, so many
issues had it that few have to be looked at one by one until enough are counted.
"""
REACHES = 2000, 20_000
"""In how many issues a page is looked for one by one: first in few, then in more, before all that fit are looked up."""


async def look_at_all(reads: Reads, asked: Asked) -> Look | None:
    """For those who want every issue that fits; None where issue by issue will do, as among a reporter's own.

    Asks the database how many events it expects to look up otherwise.
    """
    statement = _expected(asked) if asked.viewer.is_staff else None
    if statement is None:
        return None
    ((plan,),) = (row[0] for row in await reads.estimate(statement))
    return all_at_once if plan["Plan"]["Plan Rows"] <= MOST_AT_ONCE else issue_by_issue


@lru_cache(maxsize=1024)
def _expected(asked: Asked) -> Statement | None:
    events: list[ColumnElement[bool]] = []

    def note(conditions: Sequence[Any]) -> ColumnElement[bool]:
        events.append(and_(*conditions))
        return true()

    for query in read_queries(asked.q, asked.today):
        condition_of(query, asked.viewer, asked.zone, look=note)
    return Statement(select(Event.id).where(or_(*events)), explained=True) if events else None
