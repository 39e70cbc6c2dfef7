"""What people do to issues: the rules, and an event for every change."""

from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import Forbidden, Invalid, NotFound, Stale
from tracker.events.record import record
from tracker.issues.duplicates import lock_duplicates, would_close_circle
from tracker.issues.etags import etag_allows
from tracker.issues.lifecycle import stamp_status
from tracker.issues.reading import read_view_within
from tracker.issues.schemas import IssueChange, IssueView, NewIssue
from tracker.issues.tags import keys_of
from tracker.issues.visibility import visible_issues
from tracker.models import STAFF_ROLES, EventType, Issue, Status, User

TRIAGE_IS_FOR_STAFF = "Only maintainers and admins set status, severity, tags, assignee and duplicate-of."


class IssueRepository(SQLAlchemyAsyncRepository[Issue]):
    model_type = Issue


class IssueService:
    """Everything that one viewer may do to issues."""

    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._clock = clock
        self._issues = IssueRepository(session=session, wrap_exceptions=False)

    async def get(self, issue_id: int) -> IssueView:
        """The issue as the viewer sees it.

        Raises:
            NotFound: it doesn't exist, or not for this viewer.
        """
        return await read_view_within(self._session, self._viewer, issue_id)

    async def open(self, data: NewIssue) -> IssueView:
        """Files an issue in the viewer's name.

        Raises:
            Forbidden: a reporter names a status or an assignee.
            Invalid: the assignee can't be one.
        """
        if not self._viewer.is_staff and (data.status is not UNSET or data.assignee_id is not UNSET):
            raise Forbidden(TRIAGE_IS_FOR_STAFF)
        status = Status.OPEN if data.status is UNSET else data.status
        assignee_id = None if data.assignee_id is UNSET else data.assignee_id
        if assignee_id is not None:
            await self._require_assignable(assignee_id)
        now = self._clock()
        issue = Issue(
            title=data.title,
            description=data.description,
            status=status,
            severity=data.severity,
            tags=data.tags,
            tag_keys=keys_of(data.tags),
            reporter_id=self._viewer.id,
            assignee_id=assignee_id,
            created_at=now,
            updated_at=now,
        )
        stamp_status(issue, was=None, at=now)
        await self._issues.add(issue, auto_refresh=False)
        # The first description is not repeated here: it is the issue's own, or the old value of its first change.
        given = {
            "title": issue.title,
            "status": issue.status,
            "severity": issue.severity,
            "tags": issue.tags,
            "assignee_id": issue.assignee_id,
        }
        changes = {field: (None, value) for field, value in given.items() if value not in (None, [])}
        await self._record(EventType.ISSUE_CREATED, issue.id, changes, at=now)
        return await self.get(issue.id)

    async def change(self, issue_id: int, data: IssueChange, *, if_match: str | None = None) -> IssueView:
        """Changes the fields given; what already has the value given is not a change.

        Raises:
            NotFound: the viewer can't see the issue.
            Forbidden: a field is not the viewer's to set.
            Stale: the issue is not any more the one that `if_match` names.
            Invalid: a value makes no sense here.
        """
        if self._viewer.is_staff and isinstance(data.duplicate_of, int):
            await lock_duplicates(self._session)
        issue = await self._lock(issue_id)
        if not self._viewer.is_staff and data.names_triage_fields():
            raise Forbidden(TRIAGE_IS_FOR_STAFF)
        if if_match is not None and not etag_allows(if_match, issue.version):
            raise Stale(issue=await self.get(issue_id))
        changes = await self._apply(issue, data)
        if changes:
            now = self._clock()
            issue.version += 1
            issue.updated_at = now
            if "status" in changes:
                stamp_status(issue, was=changes["status"][0], at=now)
            await self._session.flush()
            await self._record(EventType.ISSUE_UPDATED, issue.id, changes, at=now)
        return await self.get(issue_id)

    async def delete(self, issue_id: int) -> None:
        """Puts the issue into the trash, where it stays for 30 days."""
        issue = await self._lock(issue_id)
        self._require_admin()
        issue.deleted_at = issue.updated_at = self._clock()
        await self._session.flush()
        await self._record(EventType.ISSUE_DELETED, issue.id, {"deleted": (False, True)}, at=issue.updated_at)

    async def restore(self, issue_id: int) -> IssueView:
        """Takes the issue out of the trash; one that isn't there stays as it is."""
        issue = await self._lock(issue_id, trashed=True)
        self._require_admin()
        if issue.deleted_at is not None:
            issue.deleted_at, issue.updated_at = None, self._clock()
            await self._session.flush()
            await self._record(EventType.ISSUE_RESTORED, issue.id, {"deleted": (True, False)}, at=issue.updated_at)
        return await self.get(issue_id)

    async def _apply(self, issue: Issue, data: IssueChange) -> dict[str, tuple[Any, Any]]:
        """Sets what differs and returns it as `{field: (old, new)}`."""
        attributes = {
            "title": "title",
            "description": "description",
            "status": "status",
            "severity": "severity",
            "tags": "tags",
            "assignee_id": "assignee_id",
            "duplicate_of": "duplicate_of_id",
        }
        changes: dict[str, tuple[Any, Any]] = {}
        for field, attribute in attributes.items():
            new = getattr(data, field)
            old = getattr(issue, attribute)
            if new is UNSET or new == old:
                continue
            if field == "assignee_id" and new is not None:
                await self._require_assignable(new)
            if field == "duplicate_of" and new is not None:
                await self._require_original(issue.id, new)
            setattr(issue, attribute, new)
            changes[field] = (old, new)
        if "tags" in changes:
            issue.tag_keys = keys_of(issue.tags)
        return changes

    async def _lock(self, issue_id: int, *, trashed: bool = False) -> Issue:
        """The issue's row, held until the end of the transaction; others may go on referring to it."""
        query = (
            select(Issue)
            .where(Issue.id == issue_id, visible_issues(self._viewer, trashed=trashed))
            .options(undefer(Issue.description))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        issue = await self._session.scalar(query)
        if issue is None:
            raise NotFound
        return issue

    def _require_admin(self) -> None:
        if not self._viewer.is_admin:
            raise Forbidden("Only admins may do this.")

    async def _require_assignable(self, user_id: int) -> None:
        query = select(User.id).where(User.id == user_id, User.is_active, User.role.in_(STAFF_ROLES))
        if await self._session.scalar(query) is None:
            raise Invalid.field("assignee_id", "Must be an active maintainer or admin; see GET /users/assignable.")

    async def _require_original(self, issue_id: int, original_id: int) -> None:
        visible = select(Issue.id).where(Issue.id == original_id, visible_issues(self._viewer))
        if await self._session.scalar(visible) is None:
            raise Invalid.field("duplicate_of", "There is no such issue.")
        if await would_close_circle(self._session, issue_id, original_id):
            raise Invalid.field("duplicate_of", "An issue can't be a duplicate of itself, not even by way of others.")

    async def _record(
        self, event_type: EventType, issue_id: int, changes: dict[str, tuple[Any, Any]], *, at: datetime
    ) -> None:
        await record(self._session, event_type, issue_id=issue_id, actor_id=self._viewer.id, changes=changes, at=at)
