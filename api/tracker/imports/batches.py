"""Batches as commands and jobs work with them: begun, taken up again, ended."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.imports.tally import Say
from tracker.models import ImportBatch, ImportSource, ImportState
from tracker.statistics.daily import DailyStats

_LOCK = {"lock": 0x696D706F7274}  # any number that no other advisory lock uses


@asynccontextmanager
async def only_import(engine: AsyncEngine, say: Say) -> AsyncGenerator[None]:
    """Waits until no other import runs, and keeps others waiting meanwhile."""
    async with engine.connect() as connection:
        if not await take_turn(connection):
            say("Another import is running. Waiting for its end.")
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), _LOCK)
        yield


async def take_turn(connection: AsyncConnection) -> bool:
    """Takes what only one import can hold, as long as the connection lives; returns whether it was to be had."""
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    return bool(await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), _LOCK))


class Batches:
    """For whoever holds the turn: no other import runs."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def begin(self, source: ImportSource, file: Path, mapping: dict[str, object] | None = None) -> ImportBatch:
        """The batch for a file that a command reads: the one that was interrupted in it, else a new one."""
        size, sha256 = _measured(file)
        async with self._sessions() as session, Transaction(session):
            interrupted = select(ImportBatch).where(
                ImportBatch.state == ImportState.RUNNING, ImportBatch.storage_key.is_(None)
            )
            found = None
            for batch in await session.scalars(interrupted.order_by(ImportBatch.id)):
                if (batch.source, batch.sha256, batch.mapping) == (source, sha256, mapping):
                    found = batch
                else:
                    batch.state, batch.error = ImportState.FAILED, "It was stopped."
                    batch.finished_at = func.now()
            if found is None:
                found = ImportBatch(
                    source=source,
                    state=ImportState.RUNNING,
                    file_name=file.name,
                    size=size,
                    sha256=sha256,
                    mapping=mapping,
                    started_at=func.now(),
                )
                session.add(found)
            await session.flush()
            await session.refresh(found)
        return found

    async def end(self, batch_id: int) -> None:
        """Says that all is brought in, and counts the days anew that it told of."""
        values = {"state": ImportState.DONE, "error": None, "finished_at": func.now()}
        async with self._sessions() as session, Transaction(session):
            await session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(values))
            await DailyStats(session).refresh(datetime.now(UTC))


def _measured(file: Path) -> tuple[int, str]:
    with file.open("rb") as content:
        return file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()
