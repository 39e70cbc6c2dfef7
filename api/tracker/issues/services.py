"""What people do to issues: the rules, and an event for every change."""

from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from asyncpg import Record
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import Forbidden, Invalid, NotFound, Stale
from tracker.events.record import record
from tracker.issues.duplicates import lock_duplicates, would_close_circle
from tracker.issues.etags import etag_allows
from tracker.issues.lifecycle import Times, times_after
from tracker.issues.reading import read_view_within
from tracker.issues.schemas import IssueChange, IssueView, NewIssue
from tracker.issues.tags import keys_of
from tracker.issues.visibility import visible_issues
from tracker.issues.writing import insert_issue, lock_row, update_issue
from tracker.models import STAFF_ROLES, EventType, Issue, Status, User

_COLUMNS = {"duplicate_of": "duplicate_of_id"}
"""Of fields that are not called like theirs."""

TRIAGE_IS_FOR_STAFF = "Only maintainers and admins set status, severity, tags, assignee and duplicate-of."


class IssueRepository(SQLAlchemyAsyncRepository[Issue]):
    model_type = Issue


class IssueService:
    """Everything that one viewer may do to issues."""

    def __init__(self, session: AsyncSession, viewer: Viewer, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._clock = clock

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
        times = times_after(Times(None, None), was=None, now=status, at=now)
        fields: dict[str, Any] = {
            "title": data.title,
            "description": data.description,
            "status": status,
            "severity": data.severity,
            "tags": data.tags,
            "tag_keys": keys_of(data.tags),
            "reporter_id": self._viewer.id,
            "assignee_id": assignee_id,
            "created_at": now,
            "updated_at": now,
            **times._asdict(),
        }
        # The first description is not repeated here: it is the issue's own, or the old value of its first change.
        told = ("title", "status", "severity", "tags", "assignee_id")
        changes = {name: (None, fields[name]) for name in told if fields[name] not in (None, [])}
        return await insert_issue(self._session, self._viewer, fields, changes, at=now)

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
        issue = await lock_row(self._session, self._viewer, issue_id)
        if issue is None:
            raise NotFound
        if not self._viewer.is_staff and data.names_triage_fields():
            raise Forbidden(TRIAGE_IS_FOR_STAFF)
        if if_match is not None and not etag_allows(if_match, issue["version"]):
            raise Stale(issue=await self.get(issue_id))
        changes = await self._changes(issue, data)
        if not changes:
            return await self.get(issue_id)
        now = self._clock()
        fields: dict[str, Any] = {_COLUMNS.get(field, field): new for field, (_, new) in changes.items()}
        fields["updated_at"] = now
        if "tags" in changes:
            fields["tag_keys"] = keys_of(fields["tags"])
        if "status" in changes:
            before = Times(issue["triaged_at"], issue["closed_at"])
            fields |= times_after(before, was=Status(issue["status"]), now=fields["status"], at=now)._asdict()
        return await update_issue(self._session, self._viewer, issue_id, fields, changes, at=now)

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

    async def _changes(self, issue: Record, data: IssueChange) -> dict[str, tuple[Any, Any]]:
        """What differs, as `{field: (old, new)}`."""
        changes: dict[str, tuple[Any, Any]] = {}
        for field in data.__struct_fields__:
            old, new = issue[_COLUMNS.get(field, field)], getattr(data, field)
            if new is UNSET or new == old:
                continue
            if field == "assignee_id" and new is not None:
                await self._require_assignable(new)
            if field == "duplicate_of" and new is not None:
                await self._require_original(issue["id"], new)
            changes[field] = (old, new)
        return changes

    async def _lock(self, issue_id: int, *, trashed: bool = False) -> Issue:
        """The issue's row, held until the end of the transaction; others may go on referring to it."""
        issue = await IssueRepository(session=self._session, wrap_exceptions=False).get_one_or_none(
            Issue.id == issue_id,
            visible_issues(self._viewer, trashed=trashed),
            with_for_update={"key_share": True},
            execution_options={"populate_existing": True},
        )
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
