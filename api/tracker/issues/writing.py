"""One issue, written: its row, the event that tells of it and the answer in one round trip."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from asyncpg import Record
from sqlalchemy import CTE, BigInteger, Insert, Select, Update, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker.accounts.viewer import Viewer
from tracker.core.session import run
from tracker.core.statements import Statement, parameter
from tracker.events.record import Changes, encoded, note, recording
from tracker.issues.rows import assignee, reporter, row_columns, view_of
from tracker.issues.schemas import IssueView
from tracker.issues.visibility import any_viewer, visible_duplicate_of, visible_issues
from tracker.models import EventType, Issue

_ISSUES: Any = Issue.__table__
_COLUMNS = [column for column in _ISSUES.c if column.name != "search"]

Fields = Mapping[str, Any]
"""Values by column."""


async def lock_row(session: AsyncSession, viewer: Viewer, issue_id: int) -> Record | None:
    """The issue's columns, held until the end of the transaction; others may go on referring to it."""
    statement = _locking(is_staff=viewer.is_staff)
    rows = await run(session, statement, viewer_id=viewer.id, issue_id=issue_id)
    return rows[0] if rows else None


async def insert_issue(
    session: AsyncSession, viewer: Viewer, fields: Fields, changes: Changes, *, at: datetime
) -> IssueView:
    statement = _inserting(frozenset(fields))
    return await _write(session, statement, viewer, fields, changes, at=at)


async def update_issue(
    session: AsyncSession, viewer: Viewer, issue_id: int, fields: Fields, changes: Changes, *, at: datetime
) -> IssueView:
    """Changes a row that is locked, as its next version."""
    statement = _updating(frozenset(fields), is_staff=viewer.is_staff)
    return await _write(session, statement, viewer, fields, changes, at=at, issue_id=issue_id)


async def _write(
    session: AsyncSession,
    statement: Statement,
    viewer: Viewer,
    fields: Fields,
    changes: Changes,
    *,
    at: datetime,
    **more: Any,
) -> IssueView:
    values = {_parameter_name(name): value for name, value in fields.items()}
    written = {"viewer_id": viewer.id, "actor_id": viewer.id, "changes": encoded(changes), "at": at}
    ((*row, event_id),) = await run(session, statement, **values, **written, **more)
    note(session, event_id)
    return view_of(row)


@cache
def _locking(*, is_staff: bool) -> Statement:
    query = select(*_COLUMNS).where(
        Issue.id == parameter("issue_id", BigInteger), visible_issues(any_viewer(is_staff=is_staff))
    )
    return Statement(query.with_for_update(key_share=True))


@cache
def _inserting(names: frozenset[str]) -> Statement:
    issue = insert(_ISSUES).values(_parameters(names))
    return Statement(_written(issue, EventType.ISSUE_CREATED, any_viewer(is_staff=True)))


@cache
def _updating(names: frozenset[str], *, is_staff: bool) -> Statement:
    issue = (
        update(_ISSUES)
        .where(_ISSUES.c.id == parameter("issue_id", BigInteger))
        .values(_parameters(names) | {"version": _ISSUES.c.version + 1})
    )
    return Statement(_written(issue, EventType.ISSUE_UPDATED, any_viewer(is_staff=is_staff)))


def _written(write: Insert | Update, event_type: EventType, viewer: Viewer) -> Select[Any]:
    row: CTE = write.returning(*_COLUMNS).cte("issue")
    event = recording(event_type, row)
    issue = aliased(Issue, row)
    return (
        select(*row_columns(visible_duplicate_of(viewer, issue), issue), issue.description, event.c.id)
        .select_from(row)
        .join(event, true())
        .join(reporter, reporter.id == issue.reporter_id)
        .outerjoin(assignee, assignee.id == issue.assignee_id)
    )


def _parameters(names: frozenset[str]) -> dict[str, Any]:
    return {name: parameter(_parameter_name(name), _ISSUES.c[name].type) for name in sorted(names)}


def _parameter_name(column: str) -> str:
    """SQLAlchemy keeps the names of columns for itself."""
    return f"new_{column}"
