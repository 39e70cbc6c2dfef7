"""What a batch changes, written down in the transaction that changes it, so that all of it can be taken back."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.transaction import EVENT_IDS
from tracker.models import ImportChange

_KEEP_BEFORE = text("""
    INSERT INTO import_changes (batch_id, issue_id, external_id, issue, imported, comments)
    SELECT :batch_id, issues.id, :external_id, to_jsonb(issues) - 'search',
           (SELECT to_jsonb(known) FROM imported_issues AS known WHERE known.external_id = :external_id),
           (SELECT jsonb_agg(to_jsonb(said) - 'search') FROM comments AS said
            WHERE said.issue_id = issues.id AND said.external_id = ANY(:comments))
    FROM issues WHERE issues.id = :issue_id
    RETURNING id
""")
_KEEP_EVENTS = text("UPDATE import_changes SET first_event_id = :first, last_event_id = :last WHERE id = :change_id")


class Ledger:
    """One batch's. Each issue is changed in a transaction of its own."""

    def __init__(self, batch_id: int) -> None:
        self._batch_id = batch_id

    async def filed(self, session: AsyncSession, issue_id: int, external_id: str) -> None:
        """Notes an issue that was not here before."""
        first, last = _events(session)
        session.add(
            ImportChange(
                batch_id=self._batch_id,
                issue_id=issue_id,
                external_id=external_id,
                first_event_id=first,
                last_event_id=last,
            )
        )

    async def before(self, session: AsyncSession, issue_id: int, external_id: str, comments: list[str]) -> int:
        """Keeps an issue as it is before it is changed, and those of its comments that will be edited."""
        values = {"batch_id": self._batch_id, "issue_id": issue_id, "external_id": external_id, "comments": comments}
        return (await session.execute(_KEEP_BEFORE, values)).scalar_one()

    async def after(self, session: AsyncSession, change_id: int) -> None:
        """Notes which events the change caused."""
        first, last = _events(session)
        if first is not None:
            await session.execute(_KEEP_EVENTS, {"change_id": change_id, "first": first, "last": last})


def _events(session: AsyncSession) -> tuple[int | None, int | None]:
    ids: list[int] = session.info.get(EVENT_IDS, [])
    return (min(ids), max(ids)) if ids else (None, None)
