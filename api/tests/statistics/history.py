"""Random histories of work, written through the services at chosen moments."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tracker.accounts.viewer import Viewer
from tracker.core.transaction import Transaction
from tracker.issues.schemas import IssueChange, NewIssue
from tracker.issues.services import IssueService
from tracker.issues.trash import Trash
from tracker.models import Issue, Severity, Status

TAGS: tuple[str, ...] = ("ui", "UI", "db", "slow", "Crash")


class History:
    """Things that happen to issues, one after the other."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        seed: int,
        *,
        admin: Viewer,
        reporters: list[Viewer],
        purges: bool = True,
    ) -> None:
        self._sessions = sessions
        self._random = Random(seed)
        self._admin = admin
        self._reporters = reporters
        self._purges = purges
        self._known: list[int] = []

    async def happen(self, start: datetime, steps: int) -> datetime:
        """Lets hours or days pass between the steps; returns the moment of the last one."""
        now = start
        for _ in range(steps):
            now += timedelta(hours=self._random.choice([0, 1, 5, 13, 30]))
            # An import opens issues in the past.
            back = timedelta(days=self._random.randint(1, 9)) if self._random.random() < 0.1 else timedelta()
            await self._step(now - back, imported=bool(back))
        return now

    async def _step(self, at: datetime, *, imported: bool) -> None:
        random = self._random
        async with self._sessions() as session, Transaction(session):
            if imported or not self._known or random.random() < 0.3:
                issue_id = await self._open(session, at)
                if not imported:
                    self._known.append(issue_id)
                return
            issue_id = random.choice(self._known)
            issues = IssueService(session, self._admin, clock=lambda: at)
            deleted_at = await session.scalar(select(Issue.deleted_at).where(Issue.id == issue_id))
            match (deleted_at is not None, random.random()):
                case True, chance if chance < 0.7 or not self._purges:
                    await issues.restore(issue_id)
                case True, _:
                    await Trash(session).purge(issue_id)
                    self._known.remove(issue_id)
                case False, chance if chance < 0.1:
                    await issues.delete(issue_id)
                case _:
                    change = IssueChange(
                        status=random.choice(list(Status)), assignee_id=random.choice([None, self._admin.id])
                    )
                    await issues.change(issue_id, change)

    async def _open(self, session: AsyncSession, at: datetime) -> int:
        random = self._random
        reporter = random.choice([self._admin, *self._reporters])
        tags = random.sample(TAGS, random.randint(0, 3))
        new = NewIssue(title="Random", severity=random.choice(list(Severity)), tags=tags)
        if reporter.is_staff:
            new.status = random.choice(list(Status))
        return (await IssueService(session, reporter, clock=lambda: at).open(new)).id
