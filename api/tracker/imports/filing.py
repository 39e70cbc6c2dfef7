"""An issue that was not here before."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracker.events.record import PastEvent
from tracker.imports.history import Dated, new_comment, record_all, said
from tracker.imports.people import People
from tracker.imports.source import SourceIssue
from tracker.issues.lifecycle import stamp_status
from tracker.issues.tags import keys_of
from tracker.models import EventType, Issue, Status


async def file_issue(session: AsyncSession, source: SourceIssue, people: People) -> int:
    """Files the issue with its comments and the history that its source tells.

    The source has no log of changes, so title, severity and tags count as what they always were. It was open at
    first, got its assignee at the first sign of them, and its status when it was resolved or last changed.
    """
    reporter_id = people.id_of(source.reporter)
    assignee_id = people.id_of(source.assignee) if source.assignee else None
    issue = Issue(
        external_id=source.external_id,
        title=source.title,
        description=source.description,
        status=source.status,
        severity=source.severity,
        tags=source.tags,
        tag_keys=keys_of(source.tags),
        reporter_id=reporter_id,
        assignee_id=assignee_id,
        comment_count=len(source.comments),
        created_at=source.created_at,
        updated_at=source.updated_at,
    )
    first: dict[str, tuple[Any, Any]] = {
        "title": (None, source.title),
        "status": (None, Status.OPEN),
        "severity": (None, source.severity),
    }
    if source.tags:
        first["tags"] = (None, source.tags)
    later = Dated()
    if assignee_id is not None:
        if (assigned_at := source.assigned_at()) <= source.created_at:
            first["assignee_id"] = (None, assignee_id)
        else:
            later.add(assigned_at, "assignee_id", None, assignee_id)
    if source.status is not Status.OPEN:
        moved_at = source.closed_at or source.updated_at
        later.add(moved_at, "status", Status.OPEN, source.status)
        stamp_status(issue, was=Status.OPEN, at=moved_at)
    changes = later.happenings()
    issue.version = 1 + len(changes)
    session.add(issue)
    await session.flush()
    comments = [new_comment(issue.id, comment, people) for comment in source.comments]
    session.add_all(comments)
    await session.flush()
    filed = PastEvent(source.created_at, EventType.ISSUE_CREATED, first, reporter_id)
    happened = [filed, *map(said, comments), *changes]
    await record_all(session, issue.id, happened, after=source.created_at)
    return issue.id
