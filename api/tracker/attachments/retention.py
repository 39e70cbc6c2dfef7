"""Jobs that take files out of the store. Each can be killed at any point: the next run does the rest."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, delete, insert, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tracker.attachments.storage import Storage
from tracker.core.jobs import JobContext
from tracker.core.transaction import Transaction
from tracker.events.record import record
from tracker.models import Attachment, DiscardedFile, EventType, ImportBatch, Issue

ORPHANS_AFTER = timedelta(hours=24)
"""An upload that takes longer than this has long been given up."""

_BATCH = 500

_KEEP_ALL = text("SELECT pg_advisory_lock(hashtext('tracker files'))")
_MAY_REMOVE = text("SELECT pg_try_advisory_xact_lock_shared(hashtext('tracker files'))")


async def keep_all_files(connection: AsyncConnection) -> None:
    """From when this returns, and as long as the connection lives, jobs leave alone what is used from now on."""
    await connection.execute(_KEEP_ALL)


async def _may_remove(session: AsyncSession) -> bool:
    """Whether what this transaction finds unused may go: nobody who is copying the files had seen it in use."""
    return bool(await session.scalar(_MAY_REMOVE))


class ExpiredFile(msgspec.Struct, frozen=True):
    attachment_id: int
    issue_id: int
    name: str


class Retention:
    """Removes the files of one installation that are too old, no longer named, or never were."""

    def __init__(self, context: JobContext, storage: Storage) -> None:
        self._context = context
        self._storage = storage
        self._retention = timedelta(days=context.settings.upload_retention_days)

    async def expired(self) -> list[ExpiredFile]:
        """What `remove_expired` would remove now."""
        query = (
            select(Attachment.id, Attachment.issue_id, Attachment.name)
            .where(self._is_expired())
            .order_by(Attachment.issue_id, Attachment.id)
        )
        async with self._context.sessions() as session:
            return [ExpiredFile(row.id, row.issue_id, row.name) for row in await session.execute(query)]

    async def remove_expired(self) -> int:
        """Removes the content of files past their retention; their rows stay, and the issues' history says so."""
        by_issue: defaultdict[int, list[int]] = defaultdict(list)
        for file in await self.expired():
            by_issue[file.issue_id].append(file.attachment_id)
        removed = 0
        for issue_id, attachment_ids in by_issue.items():
            removed += await self._remove(issue_id, attachment_ids)
        await self.remove_discarded()
        return removed

    async def remove_discarded(self) -> int:
        """Takes out of the store what transactions have let go of; waits for the next run while a backup is made."""
        removed = 0
        while True:
            async with self._context.sessions() as session:
                if not await _may_remove(session):
                    return removed
                keys = list(await session.scalars(select(DiscardedFile.storage_key).limit(_BATCH)))
            if not keys:
                return removed
            await self._storage.delete(keys)
            async with self._context.sessions() as session, Transaction(session):
                await session.execute(delete(DiscardedFile).where(DiscardedFile.storage_key.in_(keys)))
            removed += len(keys)

    async def orphans(self, older_than: timedelta = ORPHANS_AFTER) -> list[str]:
        """What `sweep_orphans` would sweep now, by the store's keys."""
        return [key async for keys in self._orphans(older_than) for key in keys]

    async def sweep_orphans(self, older_than: timedelta = ORPHANS_AFTER) -> int:
        """Takes out of the store what no row names: the remains of crashed uploads."""
        swept = 0
        async for keys in self._orphans(older_than):
            await self._storage.delete(keys)
            swept += len(keys)
        return swept

    async def _orphans(self, older_than: timedelta) -> AsyncGenerator[list[str], None]:
        written = self._storage.store.older_than(self._context.clock() - older_than)
        while keys := await self._storage.run(_some, written):
            query = union_all(
                select(Attachment.storage_key).where(Attachment.storage_key.in_(keys), Attachment.removed_at.is_(None)),
                select(ImportBatch.storage_key).where(ImportBatch.storage_key.in_(keys)),
                select(ImportBatch.comments_key).where(ImportBatch.comments_key.in_(keys)),
            )
            async with self._context.sessions() as session:
                if not await _may_remove(session):
                    return
                named = set(await session.scalars(query))
            if orphans := [key for key in keys if key not in named]:
                yield orphans

    def _is_expired(self) -> ColumnElement[bool]:
        return and_(
            Attachment.removed_at.is_(None),
            ~Attachment.keep,
            Attachment.created_at <= self._context.clock() - self._retention,
        )

    async def _remove(self, issue_id: int, attachment_ids: list[int]) -> int:
        now = self._context.clock()
        async with self._context.sessions() as session, Transaction(session, doorbell=self._context.doorbell):
            await session.execute(select(Issue.id).where(Issue.id == issue_id).with_for_update())
            # Whatever happened before the issue's row was held: deleted, kept, removed by another run.
            still = and_(Attachment.id.in_(attachment_ids), self._is_expired())
            removal = (
                update(Attachment)
                .where(still)
                .values(removed_at=now)
                .returning(Attachment.id, Attachment.name, Attachment.storage_key)
            )
            rows = (await session.execute(removal)).all()
            for row in rows:
                await session.execute(insert(DiscardedFile).values(storage_key=row.storage_key))
                changes: dict[str, tuple[Any, Any]] = {
                    "attachment_id": (row.id, row.id),
                    "name": (row.name, row.name),
                    "removed_at": (None, _json_time(now)),
                }
                await record(
                    session,
                    EventType.ATTACHMENT_UPDATED,
                    issue_id=issue_id,
                    actor_id=None,
                    changes=changes,
                    at=now,
                )
        return len(rows)


def _some(keys: Iterator[str]) -> list[str]:
    return list(islice(keys, _BATCH))


def _json_time(moment: datetime) -> str:
    return msgspec.to_builtins(moment)
