"""Which issue duplicates which: known for sure only when all issues are there."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.database import Sessions
from tracker.imports.database import begin
from tracker.imports.history import Dated, record_all
from tracker.imports.journal import Journal
from tracker.imports.ledger import Ledger
from tracker.imports.source import SourceIssue
from tracker.imports.tally import Tally
from tracker.issues.duplicates import lock_duplicates, would_close_circle
from tracker.models import Event, ImportedIssue, Issue


class Duplicates:
    def __init__(self, sessions: Sessions, tally: Tally, *, journal: Journal | None, ledger: Ledger | None) -> None:
        self._sessions = sessions
        self._tally = tally
        self._journal = journal
        self._ledger = ledger
        self._dry_run = ledger is None
        self._read: set[str] = set()
        self._originals: dict[str, tuple[str, int]] = {}
        """By duplicate, all as external ids; and the line that says so."""

    def collect(self, issue: SourceIssue, line: int) -> None:
        self._read.add(issue.external_id)
        for original in issue.duplicate_of:
            self._collect(issue.external_id, original, line)
        for duplicate in issue.duplicated_by:
            self._collect(duplicate, issue.external_id, line)

    def _collect(self, duplicate: str, original: str, line: int) -> None:
        first, _ = self._originals.setdefault(duplicate, (original, line))
        if first != original:
            self._tally.note(line, f"{duplicate} duplicates {first} already: that it duplicates {original} is left out")

    async def mark_all(self) -> None:
        """Marks what is collected, each duplicate in a transaction of its own."""
        for duplicate, (original, line) in self._originals.items():
            async with begin(self._sessions, dry_run=self._dry_run) as session:
                if reason := await self._mark(session, duplicate, original):
                    self._tally.note(line, f"{duplicate} duplicates {original}: {reason}")
                if self._journal and self._ledger:
                    await self._journal.write(session)

    async def _mark(self, session: AsyncSession, duplicate: str, original: str) -> str | None:
        """Marks one; returns what keeps it from being marked, if something does."""
        if not self._dry_run:
            await lock_duplicates(session)
        imported = await session.get(ImportedIssue, duplicate)
        if imported is not None and imported.duplicate_of == original:
            return None
        issues = await self._issues(session, duplicate, original)
        for external_id in (duplicate, original):
            issue = issues.get(external_id)
            if issue is None and not (self._dry_run and external_id in self._read):
                return f"{external_id} is not here"
            if issue is not None and issue.deleted_at is not None:
                return f"{external_id} is in the trash"
        if imported is None or original not in issues:
            self._tally.duplicates += self._dry_run
            return None if self._dry_run else f"{duplicate} was not imported"
        return await self._change(session, imported, issues[duplicate], issues[original])

    async def _change(
        self, session: AsyncSession, imported: ImportedIssue, issue: Issue, original: Issue
    ) -> str | None:
        if await would_close_circle(session, issue.id, original.id):
            return "that would be a circle"
        before = await session.scalar(select(Issue.external_id).where(Issue.id == issue.duplicate_of_id))
        untouched = before == imported.duplicate_of and (issue.duplicate_of_id is None) == (before is None)
        is_new = issue.duplicate_of_id != original.id
        if self._ledger:
            change = await self._ledger.before(session, issue.id, imported.external_id, [])
            imported.duplicate_of = original.external_id
            if is_new and untouched:
                await self._record(session, issue, original, not_before=imported.updated_at)
                await self._ledger.after(session, change)
        self._tally.duplicates += is_new and untouched
        return None if untouched or not is_new else "was changed here: left as it is"

    async def _record(self, session: AsyncSession, issue: Issue, original: Issue, *, not_before: datetime) -> None:
        # When it was marked the source doesn't tell; at its last update it had been.
        last = await session.scalar(select(func.max(Event.created_at)).where(Event.issue_id == issue.id))
        at = max(not_before, last or not_before)
        dated = Dated()
        dated.add(at, "duplicate_of", issue.duplicate_of_id, original.id)
        issue.duplicate_of_id, issue.updated_at = original.id, at
        issue.version += 1
        await session.flush()
        await record_all(session, issue.id, dated.happenings(), after=at)

    async def _issues(self, session: AsyncSession, *external_ids: str) -> dict[str, Issue]:
        query = select(Issue).where(Issue.external_id.in_(external_ids)).order_by(Issue.id)
        if not self._dry_run:
            query = query.with_for_update()
        return {str(issue.external_id): issue for issue in await session.scalars(query)}
