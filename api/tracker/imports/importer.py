"""Brings issues in, each in a transaction of its own: an import may be killed at any point and run again."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from tracker.core.database import Sessions, refused_data
from tracker.imports.database import begin
from tracker.imports.digests import comment_digests, field_digests
from tracker.imports.duplicates import Duplicates
from tracker.imports.filing import file_issue
from tracker.imports.journal import Journal
from tracker.imports.ledger import Ledger
from tracker.imports.merging import Merge
from tracker.imports.people import People
from tracker.imports.source import BrokenLine, SourceIssue
from tracker.imports.tally import Outcome, Say, Tally
from tracker.models import ImportedIssue, Issue


@dataclass(frozen=True, slots=True)
class _Brought:
    outcome: Outcome
    new_comments: int = 0
    changed_comments: int = 0
    is_change: bool = False
    """Something was written."""


class Importer:
    """Brings in what a batch reads, or only finds out what that would do.

    Args:
        sessions: the database.
        tally: counts, and is told what is not imported as it is.
        batch_id: to which batch the changes belong; None for a dry run.
        journal: where progress is written down, if anywhere.
    """

    def __init__(
        self, sessions: Sessions, tally: Tally, *, batch_id: int | None, journal: Journal | None = None
    ) -> None:
        self._sessions = sessions
        self._tally = tally
        self._journal = journal
        self._ledger = None if batch_id is None else Ledger(batch_id)
        self._people = People(sessions, tally, batch_id=batch_id)
        self._duplicates = Duplicates(sessions, tally, journal=journal, ledger=self._ledger)
        self._lines: dict[str, int] = {}

    async def bring(self, issue: SourceIssue, line: int) -> Outcome:
        """Files the issue, brings it up to date, or leaves it as it is.

        Raises:
            BrokenLine: it came before in the same file, or the database can't hold it.
        """
        self._take_line(issue, line)
        try:
            await self._people.ensure(issue.people())
            async with begin(self._sessions, dry_run=self._ledger is None) as session:
                brought = await self._bring(session, issue, partial(self._tally.note, line))
                self._count(brought, issue)
                if self._journal and self._ledger and (brought.is_change or self._journal.is_due):
                    await self._journal.write(session)
        except DBAPIError as error:
            reason = refused_data(error)
            if reason is None:
                raise
            raise BrokenLine(f"the database refuses {issue.external_id}: {reason}") from error
        self._duplicates.collect(issue, line)
        return brought.outcome

    def skip(self, issue: SourceIssue, line: int) -> None:
        """Takes note of an issue that an interrupted run has brought in."""
        self._take_line(issue, line)
        self._people.skip(issue.people())
        self._duplicates.collect(issue, line)

    async def finish(self) -> None:
        """Marks duplicates, now that all issues are there."""
        await self._duplicates.mark_all()

    def _take_line(self, issue: SourceIssue, line: int) -> None:
        first = self._lines.setdefault(issue.external_id, line)
        if first != line:
            raise BrokenLine(f"{issue.external_id} was on line {first} already")

    def _count(self, brought: _Brought, issue: SourceIssue) -> None:
        self._tally.issues[brought.outcome] += 1
        self._tally.new_comments += brought.new_comments
        self._tally.changed_comments += brought.changed_comments
        self._tally.missing_comments += issue.missing_comments

    async def _bring(self, session: AsyncSession, issue: SourceIssue, note: Say) -> _Brought:
        imported = await session.get(ImportedIssue, issue.external_id)
        if imported is None:
            return await self._file(session, issue)
        if issue.updated_at < imported.updated_at:
            note(f"is older than what was imported before ({imported.updated_at:%Y-%m-%d %H:%M}): left alone")
            return _Brought(Outcome.LEFT_ALONE)
        if imported.fields == field_digests(issue) and comment_digests(issue).items() <= imported.comments.items():
            return _Brought(Outcome.UNCHANGED)
        return await self._merge(session, imported, issue, note)

    async def _file(self, session: AsyncSession, issue: SourceIssue) -> _Brought:
        if self._ledger:
            issue_id = await file_issue(session, issue, self._people)
            imported = ImportedIssue(
                external_id=issue.external_id,
                issue_id=issue_id,
                updated_at=issue.updated_at,
                fields=field_digests(issue),
                comments=comment_digests(issue),
            )
            session.add(imported)
            await self._ledger.filed(session, issue_id, issue.external_id)
        return _Brought(Outcome.NEW, len(issue.comments), is_change=True)

    async def _merge(self, session: AsyncSession, imported: ImportedIssue, source: SourceIssue, note: Say) -> _Brought:
        query = select(Issue).where(Issue.id == imported.issue_id).options(undefer(Issue.description))
        issue = await session.scalar(query.with_for_update() if self._ledger else query)
        if issue is None or issue.deleted_at is not None:
            note(f"{source.external_id} was deleted here: left alone")
            return _Brought(Outcome.LEFT_ALONE)
        merge = Merge(session, issue, imported, source)
        difference = await merge.difference(note)
        if self._ledger:
            edited = [source.external_id for _, source in difference.edited_comments]
            change = await self._ledger.before(session, issue.id, source.external_id, edited)
            await merge.apply(difference, self._people)
            await self._ledger.after(session, change)
        outcome = Outcome.CHANGED if difference else Outcome.UNCHANGED
        return _Brought(outcome, len(difference.new_comments), len(difference.edited_comments), is_change=True)
