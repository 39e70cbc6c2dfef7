"""Jobs that have files scanned. Until a file was, nobody can download it: whatever goes wrong here leaves it so."""

import hashlib
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from tracker.attachments.scanner import ScanFailed, Scanner
from tracker.attachments.storage import Storage
from tracker.attachments.stores import StoredFile
from tracker.core.errors import NotFound
from tracker.core.jobs import JobContext
from tracker.core.transaction import Transaction
from tracker.events.record import record
from tracker.models import SCANNABLE, Attachment, EventType, Issue, ScanStatus

logger = logging.getLogger(__name__)

SCANS_A_SWEEP = 200
_LONGEST_WAIT_MINUTES = 60


class Scanning:
    """Scans the files of one installation."""

    def __init__(self, context: JobContext, storage: Storage, scanner: Scanner) -> None:
        self._context = context
        self._storage = storage
        self._scanner = scanner

    async def scan_due(self) -> int:
        """Scans whatever waits for it, also what was received while there was no scanner.

        Returns:
            On how many files there was a verdict.

        Raises:
            ScannerAway: it can't be reached; everything stays as it is.
        """
        query = (
            select(Attachment.id)
            .where(
                Attachment.scan_status.in_(SCANNABLE),
                Attachment.removed_at.is_(None),
                Attachment.scan_due_at <= self._context.clock(),
            )
            .order_by(Attachment.scan_due_at)
            .limit(SCANS_A_SWEEP)
        )
        async with self._context.sessions() as session:
            due = list(await session.scalars(query))
        statuses = [await self.scan(attachment_id) for attachment_id in due]
        return sum(status not in {None, *SCANNABLE} for status in statuses)

    async def scan(self, attachment_id: int) -> ScanStatus | None:
        """Scans one file and records the verdict; without one the file stays as it is and is tried again later.

        Returns:
            The file's status now, or None if it is gone.

        Raises:
            ScannerAway: it can't be reached.
        """
        query = select(Attachment.storage_key, Attachment.sha256, Attachment.scan_status).where(
            Attachment.id == attachment_id, Attachment.removed_at.is_(None)
        )
        async with self._context.sessions() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None or row.scan_status not in SCANNABLE:
            return row.scan_status if row else None
        try:
            found = await self._find(row.storage_key, row.sha256)
        except (ScanFailed, NotFound) as failure:
            logger.warning("no verdict on a file", extra={"attachment_id": attachment_id, "reason": str(failure)})
            await self._put_off(attachment_id)
            return row.scan_status
        return await self._record_verdict(attachment_id, found)

    async def _find(self, storage_key: str, sha256: str) -> str | None:
        """What the scanner finds in exactly the bytes that were received."""
        stored = await self._storage.find(storage_key)
        try:
            scanned = hashlib.sha256()
            found = await self._scanner.scan(self._hashed(stored, scanned))
        finally:
            stored.close()
        if found is None and scanned.hexdigest() != sha256:
            raise ScanFailed("the content is not what was received")
        return found

    async def _hashed(self, stored: StoredFile, digest: Any) -> AsyncGenerator[bytes, None]:
        async for chunk in self._storage.chunks(stored, 0, stored.size):
            digest.update(chunk)
            yield chunk

    async def _put_off(self, attachment_id: int) -> None:
        """Twice as long with every attempt, so that one bad file doesn't keep the scanner busy."""
        async with self._context.sessions() as session, Transaction(session):
            query = select(Attachment.scan_attempts).where(Attachment.id == attachment_id).with_for_update()
            attempts = await session.scalar(query)
            if attempts is None:
                return
            wait = timedelta(minutes=min(2**attempts, _LONGEST_WAIT_MINUTES))
            await session.execute(
                update(Attachment)
                .where(Attachment.id == attachment_id)
                .values(scan_attempts=min(attempts + 1, 30), scan_due_at=self._context.clock() + wait)
            )

    async def _record_verdict(self, attachment_id: int, found: str | None) -> ScanStatus | None:
        verdict = ScanStatus.CLEAN if found is None else ScanStatus.INFECTED
        async with self._context.sessions() as session, Transaction(session, doorbell=self._context.doorbell):
            owner = select(Attachment.issue_id).where(Attachment.id == attachment_id).scalar_subquery()
            issue_id = await session.scalar(select(Issue.id).where(Issue.id == owner).with_for_update())
            if issue_id is None:
                return None
            query = select(Attachment.name, Attachment.scan_status).where(Attachment.id == attachment_id)
            row = (await session.execute(query)).one_or_none()
            if row is None or row.scan_status not in SCANNABLE:
                return row.scan_status if row else None
            await session.execute(update(Attachment).where(Attachment.id == attachment_id).values(scan_status=verdict))
            changes: dict[str, tuple[Any, Any]] = {
                "attachment_id": (attachment_id, attachment_id),
                "name": (row.name, row.name),
                "scan_status": (row.scan_status, verdict),
            }
            if found is not None:
                changes["found"] = (None, found)
            await record(
                session,
                EventType.ATTACHMENT_UPDATED,
                issue_id=issue_id,
                actor_id=None,
                changes=changes,
                at=self._context.clock(),
            )
        return verdict
