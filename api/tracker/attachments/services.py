"""What people do to files: the rules, and an event for every change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import msgspec
from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.attachments.schemas import AttachmentChange, AttachmentView
from tracker.attachments.uploads import ReceivedFile
from tracker.core.clock import Clock, utc_now
from tracker.core.errors import Conflict, Forbidden, NotFound
from tracker.core.schema import PersonRef
from tracker.events.record import Changes, record
from tracker.issues.visibility import visible_issues
from tracker.models import Attachment, DiscardedFile, EventType, Issue, ScanStatus, User
from tracker.settings import Settings

MAX_FILES = 20
"""At one issue; files that were removed for their age don't count."""


class AttachmentRules(msgspec.Struct, frozen=True):
    """What an installation chose."""

    retention: timedelta
    quota_bytes: int
    scans: bool

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            retention=timedelta(days=settings.upload_retention_days),
            quota_bytes=settings.upload_quota_bytes,
            scans=settings.clamd_url is not None,
        )

    @property
    def open_statuses(self) -> frozenset[ScanStatus]:
        """Which files can be downloaded: where there is a scanner, those that it passed."""
        return frozenset({ScanStatus.CLEAN} if self.scans else {ScanStatus.CLEAN, ScanStatus.NOT_SCANNED})


class Content(msgspec.Struct, frozen=True):
    """What a download needs to know."""

    name: str
    content_type: str
    sha256: str
    storage_key: str


class AttachmentService:
    """Everything that one viewer may do to the files of the issues that it sees."""

    def __init__(self, session: AsyncSession, viewer: Viewer, rules: AttachmentRules, clock: Clock = utc_now) -> None:
        self._session = session
        self._viewer = viewer
        self._rules = rules
        self._clock = clock

    async def of_issue(self, issue_id: int) -> list[AttachmentView]:
        """An issue's files, oldest first, with those whose content is gone."""
        visible = select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer))
        if await self._session.scalar(visible) is None:
            raise NotFound
        query = self._select().where(Attachment.issue_id == issue_id).order_by(Attachment.id)
        return [self._view_of(row) for row in await self._session.execute(query)]

    async def get(self, issue_id: int, attachment_id: int) -> AttachmentView:
        return self._view_of(await self._find(issue_id, attachment_id))

    async def content(self, issue_id: int, attachment_id: int) -> Content:
        """Where the content is, for somebody who may have it.

        Raises:
            NotFound: there is no such file here for this viewer, or its content was removed.
            Conflict: it is yet to be scanned.
            Forbidden: it is infected.
        """
        row = await self._find(issue_id, attachment_id)
        if row.removed_at is not None:
            raise NotFound("The content of this file was removed when its retention was over.")
        if row.scan_status is ScanStatus.INFECTED:
            raise Forbidden("The virus scanner found something in this file. The issue's history says what.")
        if row.scan_status not in self._rules.open_statuses:
            raise Conflict("This file is yet to be scanned for viruses. Try again in a moment.")
        return Content(row.name, row.content_type, row.sha256, row.storage_key)

    async def room(self, issue_id: int) -> int:
        """How many more files the issue takes from this viewer.

        Raises:
            NotFound: the viewer can't see the issue.
            Conflict: none.
        """
        visible = select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer))
        if await self._session.scalar(visible) is None:
            raise NotFound
        await self._require_quota(1)
        room = MAX_FILES - await self._count(issue_id)
        if room <= 0:
            raise Conflict(f"An issue has at most {MAX_FILES} files.")
        return room

    async def attach(self, issue_id: int, files: Sequence[ReceivedFile]) -> list[AttachmentView]:
        """Makes received files the issue's, all or none.

        Raises:
            NotFound: the viewer can't see the issue.
            Conflict: there is no room for them any more, at the issue or in the viewer's quota.
        """
        await self._lock_issue(issue_id)
        if await self._count(issue_id) + len(files) > MAX_FILES:
            raise Conflict(f"An issue has at most {MAX_FILES} files.")
        # Two uploads of one person, to different issues, must not fill the quota twice.
        await self._session.execute(select(User.id).where(User.id == self._viewer.id).with_for_update(key_share=True))
        await self._require_quota(sum(file.size for file in files))
        now = self._clock()
        ids: list[int] = []
        for file in files:
            values = msgspec.structs.asdict(file) | {
                "issue_id": issue_id,
                "uploaded_by_id": self._viewer.id,
                "scan_status": ScanStatus.PENDING if self._rules.scans else ScanStatus.NOT_SCANNED,
                "scan_due_at": now,
                "created_at": now,
            }
            attachment_id = (
                await self._session.execute(insert(Attachment).values(values).returning(Attachment.id))
            ).scalar_one()
            changes = {"attachment_id": (None, attachment_id), "name": (None, file.name)}
            await self._record(EventType.ATTACHMENT_CREATED, issue_id, changes, at=now)
            ids.append(attachment_id)
        await self._touch_issue(issue_id, at=now, files=len(ids))
        query = self._select().where(Attachment.id.in_(ids)).order_by(Attachment.id)
        return [self._view_of(row) for row in await self._session.execute(query)]

    async def change(self, issue_id: int, attachment_id: int, data: AttachmentChange) -> AttachmentView:
        """Marks a file to be kept, or no longer; for staff."""
        row = await self._lock(issue_id, attachment_id)
        if not self._viewer.is_staff:
            raise Forbidden("Only maintainers and admins decide which files are kept.")
        if row.removed_at is not None:
            raise Conflict("The content of this file was removed already.")
        if data.keep != row.keep:
            now = self._clock()
            await self._session.execute(update(Attachment).where(Attachment.id == attachment_id).values(keep=data.keep))
            await self._touch_issue(issue_id, at=now)
            changes = {
                "attachment_id": (attachment_id, attachment_id),
                "name": (row.name, row.name),
                "keep": (row.keep, data.keep),
            }
            await self._record(EventType.ATTACHMENT_UPDATED, issue_id, changes, at=now)
        return await self.get(issue_id, attachment_id)

    async def delete(self, issue_id: int, attachment_id: int) -> None:
        """Removes one's own file, or as an admin anybody's; its content leaves the store soon after."""
        row = await self._lock(issue_id, attachment_id)
        if row.uploaded_by_id != self._viewer.id and not self._viewer.is_admin:
            raise Forbidden("Only who uploaded it or an admin can delete a file.")
        now = self._clock()
        await self._session.execute(delete(Attachment).where(Attachment.id == attachment_id))
        if row.removed_at is None:
            await self._session.execute(insert(DiscardedFile).values(storage_key=row.storage_key))
        await self._touch_issue(issue_id, at=now, files=-1)
        changes = {"attachment_id": (attachment_id, None), "name": (row.name, None)}
        await self._record(EventType.ATTACHMENT_DELETED, issue_id, changes, at=now)

    def _select(self) -> Select[Any]:
        return select(
            Attachment.id,
            Attachment.uploaded_by_id,
            User.full_name,
            Attachment.name,
            Attachment.content_type,
            Attachment.size,
            Attachment.sha256,
            Attachment.storage_key,
            Attachment.scan_status,
            Attachment.keep,
            Attachment.created_at,
            Attachment.removed_at,
        ).join(User, User.id == Attachment.uploaded_by_id)

    async def _find(self, issue_id: int, attachment_id: int) -> Any:
        query = (
            self._select()
            .join(Issue, Issue.id == Attachment.issue_id)
            .where(Attachment.id == attachment_id, Issue.id == issue_id, visible_issues(self._viewer))
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound
        return row

    async def _lock_issue(self, issue_id: int) -> None:
        query = select(Issue.id).where(Issue.id == issue_id, visible_issues(self._viewer)).with_for_update()
        if await self._session.scalar(query) is None:
            raise NotFound

    async def _lock(self, issue_id: int, attachment_id: int) -> Any:
        """The file's row, which nobody else changes as long as the issue's row is held."""
        await self._lock_issue(issue_id)
        return await self._find(issue_id, attachment_id)

    async def _count(self, issue_id: int) -> int:
        query = select(func.count()).where(Attachment.issue_id == issue_id, Attachment.removed_at.is_(None))
        return await self._session.scalar(query) or 0

    async def _require_quota(self, more: int) -> None:
        query = select(func.coalesce(func.sum(Attachment.size), 0)).where(
            Attachment.uploaded_by_id == self._viewer.id, Attachment.removed_at.is_(None)
        )
        used = int(await self._session.scalar(query) or 0)
        if used + more > self._rules.quota_bytes:
            raise Conflict(f"Your files take up {used} of {self._rules.quota_bytes} bytes. Delete some first.")

    async def _touch_issue(self, issue_id: int, *, at: datetime, files: int = 0) -> None:
        """Attaching is activity, but no new version of the issue itself."""
        await self._session.execute(
            update(Issue)
            .where(Issue.id == issue_id)
            .values(updated_at=at, attachment_count=Issue.attachment_count + files)
            .execution_options(synchronize_session=False)
        )

    async def _record(self, event_type: EventType, issue_id: int, changes: Changes, *, at: datetime) -> None:
        await record(self._session, event_type, issue_id=issue_id, actor_id=self._viewer.id, changes=changes, at=at)

    def _view_of(self, row: Any) -> AttachmentView:
        stays = row.keep or row.removed_at is not None
        return AttachmentView(
            id=row.id,
            name=row.name,
            content_type=row.content_type,
            size=row.size,
            sha256=row.sha256,
            scan_status=row.scan_status,
            keep=row.keep,
            uploaded_by=PersonRef(id=row.uploaded_by_id, full_name=row.full_name),
            created_at=row.created_at,
            expires_at=None if stays else row.created_at + self._rules.retention,
            removed_at=row.removed_at,
        )
