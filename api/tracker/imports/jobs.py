"""Imports that people have started, and undo: by a worker, which may be killed and goes on where it was."""

import logging
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from time import monotonic

import msgspec
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.attachments.storage import Storage
from tracker.core.database import Sessions, database_config, refusal_for, session_maker
from tracker.core.errors import Conflict, Refusal
from tracker.core.jobs import Job, JobContext, Schedule
from tracker.core.transaction import Transaction
from tracker.imports.batches import take_turn
from tracker.imports.csv_mapping import Mapping
from tracker.imports.files import fetched
from tracker.imports.preview import entries_of
from tracker.imports.running import Run
from tracker.imports.services import let_go_of_files
from tracker.imports.tally import Tally
from tracker.imports.undoing import Undo
from tracker.models import ImportBatch, ImportState
from tracker.statistics.daily import DailyStats

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER = timedelta(days=7)
"""What was uploaded and never started takes up room no longer than this."""
SECONDS = 100
"""Before a worker would end the job, it ends itself; the next run goes on."""

_IS_DUE = or_(
    ImportBatch.state == ImportState.UNDOING,
    and_(ImportBatch.state.in_([ImportState.CHECKING, ImportState.RUNNING]), ImportBatch.storage_key.is_not(None)),
)


async def run_imports(context: JobContext) -> int:
    """Runs what waits, one after the other; returns how many have come to their end."""
    database = database_config(context.settings, patient=True)
    deadline = monotonic() + SECONDS
    try:
        async with database.get_engine().connect() as connection:
            if not await take_turn(connection):
                return 0
            worker = _Worker(context, session_maker(database), deadline)
            ended = await context.in_batches(lambda session: _forget_one(session, context.clock() - FORGOTTEN_AFTER))
            while monotonic() < deadline and await worker.run_next():
                ended += 1
            return ended
    finally:
        await database.get_engine().dispose()


async def _forget_one(session: AsyncSession, before: datetime) -> int:
    """Forgets an import that was planned before a moment and never started."""
    query = (
        select(ImportBatch)
        .where(ImportBatch.state.in_([ImportState.PLANNED, ImportState.CHECKED]), ImportBatch.created_at < before)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    batch = await session.scalar(query)
    if batch is None:
        return 0
    await let_go_of_files(session, batch)
    await session.delete(batch)
    return 1


class _Worker:
    def __init__(self, context: JobContext, sessions: Sessions, deadline: float) -> None:
        self._context = context
        self._sessions = sessions
        self._storage = Storage.of(context.settings)
        self._deadline = deadline

    async def run_next(self) -> bool:
        """Runs the oldest that waits; returns whether there was one, and it came to its end."""
        async with self._sessions() as session:
            batch = await session.scalar(select(ImportBatch).where(_IS_DUE).order_by(ImportBatch.id).limit(1))
        if batch is None:
            return False
        try:
            return await (self._undo(batch) if batch.state is ImportState.UNDOING else self._import(batch))
        except Exception as error:
            if isinstance(refusal_for(error), Refusal):
                raise  # the database's trouble; the next run may do better
            logger.exception("an import failed", extra={"import": batch.id})
            await self._end(batch, ImportState.FAILED, str(error) if isinstance(error, Refusal) else "It broke off.")
            return True

    async def _import(self, batch: ImportBatch) -> bool:
        async with AsyncExitStack() as stack:
            files = [
                await stack.enter_async_context(fetched(self._storage, key))
                for key in (batch.storage_key, batch.comments_key)
                if key
            ]
            mapping = msgspec.convert(batch.mapping, Mapping) if batch.mapping else None
            entries = entries_of(batch, files[0], files[1] if len(files) > 1 else None, mapping)
            run = Run(self._sessions, Tally(), batch)
            if not await run.go(entries, may_go_on=lambda: monotonic() < self._deadline):
                return False
        await self._end(batch, ImportState.CHECKED if batch.state is ImportState.CHECKING else ImportState.DONE)
        return True

    async def _undo(self, batch: ImportBatch) -> bool:
        wish = batch.undo or {}
        try:
            async with self._sessions() as session, Transaction(session, doorbell=self._context.doorbell):
                await Undo(session, batch, actor_id=wish.get("actor_id")).run(force=bool(wish.get("force")))
                kept = await session.get(ImportBatch, batch.id)
                if kept:
                    await let_go_of_files(session, kept)
        except Conflict as refusal:
            await self._end(batch, ImportState.DONE, str(refusal))
        return True

    async def _end(self, batch: ImportBatch, state: ImportState, error: str | None = None) -> None:
        async with self._sessions() as session, Transaction(session, doorbell=self._context.doorbell):
            kept = await session.get(ImportBatch, batch.id, with_for_update=True)
            if kept:
                kept.state, kept.error, kept.finished_at = state, error, func.now()
                if state is ImportState.DONE:
                    await let_go_of_files(session, kept)
            if state in {ImportState.DONE, ImportState.FAILED}:
                # What was brought in tells of days that were counted long ago.
                await DailyStats(session).refresh(self._context.clock())


RUN_IMPORTS = Job(
    "run-imports",
    "Runs imports that people have started, and takes back those that they undo.",
    run_imports,
    Schedule("every minute", {}),
)
