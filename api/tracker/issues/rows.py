"""How an issue is read: columns, not entities, with the people's names joined in."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import aliased

from tracker.accounts.viewer import Viewer
from tracker.core.schema import PersonRef
from tracker.issues.schemas import IssueRow, IssueView, TrashedIssue
from tracker.issues.visibility import visible_duplicate_of, visible_issues
from tracker.models import Issue, User

reporter = aliased(User, name="reporter")
assignee = aliased(User, name="assignee")


def row_columns(duplicate_of: ColumnElement[int | None]) -> tuple[ColumnElement[Any], ...]:
    return (
        Issue.id.expression,
        Issue.title.expression,
        Issue.status.expression,
        Issue.severity.expression,
        Issue.tags.expression,
        Issue.reporter_id.expression,
        reporter.full_name.label("reporter_name"),
        Issue.assignee_id.expression,
        assignee.full_name.label("assignee_name"),
        duplicate_of.label("duplicate_of"),
        Issue.version.expression,
        Issue.created_at.expression,
        Issue.updated_at.expression,
        Issue.closed_at.expression,
        Issue.comment_count.expression,
        Issue.attachment_count.expression,
    )


def select_rows(viewer: Viewer, *more: Any, trashed: bool = False) -> Select[Any]:
    """Selects what `row_of` needs from the issues that the viewer may see, and `more` columns."""
    return (
        select(*row_columns(visible_duplicate_of(viewer)), *more)
        .select_from(Issue)
        .join(reporter, reporter.id == Issue.reporter_id)
        .outerjoin(assignee, assignee.id == Issue.assignee_id)
        .where(visible_issues(viewer, trashed=trashed))
    )


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "status": row.status,
        "severity": row.severity,
        "tags": row.tags,
        "reporter": PersonRef(id=row.reporter_id, full_name=row.reporter_name),
        "assignee": None if row.assignee_id is None else PersonRef(id=row.assignee_id, full_name=row.assignee_name),
        "duplicate_of": row.duplicate_of,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "closed_at": row.closed_at,
        "comment_count": row.comment_count,
        "attachment_count": row.attachment_count,
    }


def row_of(row: Row[Any]) -> IssueRow:
    return IssueRow(**_fields(row))


def view_of(row: Row[Any]) -> IssueView:
    return IssueView(**_fields(row), description=row.description)


def trashed_of(row: Row[Any]) -> TrashedIssue:
    return TrashedIssue(**_fields(row), deleted_at=row.deleted_at)
