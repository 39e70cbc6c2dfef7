"""What answered writes leave behind."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.jobs import NIGHTLY, Job, JobContext

KEY_RETENTION = timedelta(hours=24)
KEYS_PER_BATCH = 500

_FORGET = text("""
    DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at < :moment
        ORDER BY created_at LIMIT :at_most FOR UPDATE SKIP LOCKED
    )
""")


async def forget_idempotency_keys(context: JobContext) -> int:
    parameters = {"moment": context.clock() - KEY_RETENTION, "at_most": KEYS_PER_BATCH}

    async def batch(session: AsyncSession) -> int:
        result: Any = await session.execute(_FORGET, parameters)
        return result.rowcount

    return await context.in_batches(batch)


FORGET_IDEMPOTENCY_KEYS = Job(
    "forget-idempotency-keys",
    "Removes Idempotency-Keys of more than 24 hours ago, with the answers kept for them.",
    forget_idempotency_keys,
    NIGHTLY,
)
