"""Which issue is a duplicate of which: what must stay true when several people say so at once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.events.record import record
from tracker.models import EventType, Issue

_LOCK = 0x6475706C  # any number that no other advisory lock uses

_LEADS_BACK = text("""
    WITH RECURSIVE chain(id) AS (
        SELECT CAST(:original_id AS bigint)
        UNION
        SELECT issues.duplicate_of_id FROM issues JOIN chain ON issues.id = chain.id
        WHERE issues.duplicate_of_id IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM chain WHERE id = :issue_id)
""")


async def lock_duplicates(session: AsyncSession) -> None:
    """Lets one transaction at a time change who is whose duplicate.

    To be called before an issue's row is locked: whoever waits here holds nothing that the other may need.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def would_close_circle(session: AsyncSession, issue_id: int, original_id: int) -> bool:
    """Whether the chain of originals that begins at one issue leads to the other."""
    return bool(await session.scalar(_LEADS_BACK, {"original_id": original_id, "issue_id": issue_id}))


async def release_duplicates(
    session: AsyncSession, original_ids: Collection[int], *, actor_id: int | None, at: datetime
) -> None:
    """Unmarks the duplicates of issues that are about to be removed, as the change that it is to each of them."""
    marked = select(Issue).where(Issue.duplicate_of_id.in_(original_ids), Issue.id.not_in(original_ids))
    for issue in (await session.scalars(marked.order_by(Issue.id).with_for_update(key_share=True))).all():
        changes = {"duplicate_of": (issue.duplicate_of_id, None)}
        issue.duplicate_of_id, issue.updated_at = None, at
        issue.version += 1
        await session.flush()
        await record(session, EventType.ISSUE_UPDATED, issue_id=issue.id, actor_id=actor_id, changes=changes, at=at)
