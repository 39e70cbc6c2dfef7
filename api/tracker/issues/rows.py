"""How an issue is read: columns, not entities, with the people's names joined in."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from tracker.accounts.viewer import Viewer
from tracker.core.schema import PersonRef
from tracker.issues.schemas import IssueRow, IssueView, TrashedIssue
from tracker.issues.visibility import visible_duplicate_of, visible_issues
from tracker.models import Issue, Severity, Status, User

reporter = aliased(User, name="reporter")
assignee = aliased(User, name="assignee")

# Looked up by the text that PostgreSQL sends, which is how asyncpg's own rows have it.
_STATUSES: dict[str, Status] = {status: status for status in Status}
_SEVERITIES: dict[str, Severity] = {severity: severity for severity in Severity}


def row_columns(duplicate_of: ColumnElement[int | None], issue: type[Issue] = Issue) -> tuple[ColumnElement[Any], ...]:
    return (
        issue.id.expression,
        issue.title.expression,
        issue.status.expression,
        issue.severity.expression,
        issue.tags.expression,
        issue.reporter_id.expression,
        reporter.full_name.label("reporter_name"),
        issue.assignee_id.expression,
        assignee.full_name.label("assignee_name"),
        duplicate_of.label("duplicate_of"),
        issue.version.expression,
        issue.created_at.expression,
        issue.updated_at.expression,
        issue.closed_at.expression,
        issue.comment_count.expression,
        issue.attachment_count.expression,
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


def row_of(row: Iterable[Any]) -> IssueRow:
    """From what `row_columns` selects, whatever columns come after them."""
    (
        number,
        title,
        status,
        severity,
        tags,
        reporter_id,
        reporter_name,
        assignee_id,
        assignee_name,
        duplicate_of,
        version,
        created_at,
        updated_at,
        closed_at,
        comment_count,
        attachment_count,
        *_,
    ) = row
    return IssueRow(
        id=number,
        title=title,
        status=_STATUSES[status],
        severity=_SEVERITIES[severity],
        tags=tags,
        reporter=PersonRef(id=reporter_id, full_name=reporter_name),
        assignee=None if assignee_id is None else PersonRef(id=assignee_id, full_name=assignee_name),
        duplicate_of=duplicate_of,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        closed_at=closed_at,
        comment_count=comment_count,
        attachment_count=attachment_count,
    )


def view_of(row: Iterable[Any]) -> IssueView:
    """From a row with the description after the columns of every issue."""
    *row, description = row
    return IssueView(**asdict(row_of(row)), description=description)


def trashed_of(row: Iterable[Any]) -> TrashedIssue:
    """From a row with the time of deletion after the columns of every issue."""
    *row, deleted_at = row
    return TrashedIssue(**asdict(row_of(row)), deleted_at=deleted_at)
