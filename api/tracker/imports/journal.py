"""How far a batch is and what it has to say, written together with what it does: a run that is killed goes on there."""

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.imports.tally import Tally
from tracker.models import ImportBatch, ImportNote

LINES_AT_ONCE = 100
"""After so many lines that change nothing, the progress is written all the same."""


class Journal:
    def __init__(self, sessions: Sessions, batch_id: int, tally: Tally) -> None:
        self._sessions = sessions
        self._batch_id = batch_id
        self._tally = tally
        self._line = self._position = 0
        self._unwritten = 0

    def reach(self, line: int, position: int) -> None:
        """Says which line comes next, and at which byte it ends."""
        self._line, self._position = line, position
        self._unwritten += 1

    @property
    def is_due(self) -> bool:
        return self._unwritten >= LINES_AT_ONCE

    async def write(self, session: AsyncSession) -> None:
        """Writes everything up to the line that was reached into the transaction that deals with it."""
        if notes := self._tally.unwritten:
            values = [{"batch_id": self._batch_id, **note._asdict()} for note in notes]
            await session.execute(insert(ImportNote), values)
        changed = {"counts": self._tally.counts}
        if self._line:
            changed |= {"line": self._line, "position": self._position}
        await session.execute(update(ImportBatch).where(ImportBatch.id == self._batch_id).values(changed))
        self._tally.unwritten, self._unwritten = [], 0

    async def write_now(self) -> None:
        async with self._sessions() as session, Transaction(session):
            await self.write(session)
