"""What signing in leaves behind."""

from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.jobs import NIGHTLY, Job, JobContext
from tracker.models import Session

DEAD_SESSION_RETENTION = timedelta(days=30)
SESSIONS_PER_BATCH = 500


async def forget_sessions(context: JobContext) -> int:
    """The used refresh tokens of a session go only with it: as long as it lives, a second use must be noticed."""
    moment = context.clock() - DEAD_SESSION_RETENTION
    long_dead = (
        select(Session.id)
        .where(or_(Session.expires_at < moment, Session.revoked_at < moment))
        .limit(SESSIONS_PER_BATCH)
        .with_for_update(skip_locked=True)
    )

    async def batch(session: AsyncSession) -> int:
        ids = list(await session.scalars(long_dead))
        await session.execute(delete(Session).where(Session.id.in_(ids)))
        return len(ids)

    return await context.in_batches(batch)


FORGET_SESSIONS = Job(
    "forget-sessions", "Removes sessions that ended 30 days ago, with their refresh tokens.", forget_sessions, NIGHTLY
)
