"""Brings in a file, line by line, as a batch that may be killed and goes on where it was."""

from collections.abc import Callable, Iterator

from tracker.core.database import Sessions
from tracker.imports.importer import Importer
from tracker.imports.journal import Journal
from tracker.imports.reading import BrokenFile
from tracker.imports.source import BrokenLine, Entry
from tracker.imports.tally import Tally
from tracker.models import ImportBatch, ImportState

Advance = Callable[[int], None]


class Run:
    """One run over the entries of a file.

    Args:
        sessions: the database.
        tally: counts, and is told what is not imported as it is.
        batch: what is run; None for a dry run that leaves no trace.
    """

    def __init__(self, sessions: Sessions, tally: Tally, batch: ImportBatch | None = None) -> None:
        self._tally = tally
        self._done = batch.line if batch else 0
        self._position = batch.position if batch else 0
        if batch:
            tally.go_on_from(batch.counts)
        self._journal = Journal(sessions, batch.id, tally) if batch else None
        is_real = batch is not None and batch.state is ImportState.RUNNING
        self._importer = Importer(
            sessions, tally, batch_id=batch.id if batch and is_real else None, journal=self._journal
        )

    async def go(
        self, entries: Iterator[Entry], advance: Advance = lambda _: None, may_go_on: Callable[[], bool] = lambda: True
    ) -> bool:
        """Brings in what is not yet; returns whether that is all of it, or it was told to stop on the way.

        Args:
            entries: of the file, from its beginning.
            advance: told how many more bytes are done.
            may_go_on: asked before each line.
        """
        line = 0
        try:
            for entry in entries:
                line = entry.line
                if line <= self._done:
                    self._skip(entry)
                    continue
                if not may_go_on():
                    await self._write()
                    return False
                await self._bring(entry)
                advance(entry.position - self._position)
                self._position = entry.position
        except BrokenFile as broken:
            self._tally.broken(line, f"the file can't be read any further: {broken}")
        await self._importer.finish()
        await self._write()
        return True

    async def _bring(self, entry: Entry) -> None:
        if self._journal:
            self._journal.reach(entry.line, entry.position)
        for note in entry.notes:
            self._tally.note(entry.line, note)
        self._tally.left_out += entry.is_left_out
        reason = entry.broken
        try:
            if entry.issue:
                await self._importer.bring(entry.issue, entry.line)
        except BrokenLine as broken:
            reason = str(broken)
        if reason:
            self._tally.broken(entry.line, f"not imported: {reason}")
        if self._journal and self._journal.is_due:
            await self._journal.write_now()

    def _skip(self, entry: Entry) -> None:
        if entry.issue:
            try:
                self._importer.skip(entry.issue, entry.line)
            except BrokenLine:  # and was told so
                return

    async def _write(self) -> None:
        if self._journal:
            await self._journal.write_now()
