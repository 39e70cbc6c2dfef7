"""What the issues leave behind."""

from datetime import timedelta

from tracker.core.jobs import NIGHTLY, Job, JobContext
from tracker.issues.trash import Trash

TRASH_RETENTION = timedelta(days=30)
ISSUES_PER_BATCH = 200


async def purge_trash(context: JobContext) -> int:
    moment = context.clock() - TRASH_RETENTION
    return await context.in_batches(
        lambda session: Trash(session, context.clock).purge_older_than(moment, at_most=ISSUES_PER_BATCH)
    )


PURGE_TRASH = Job("purge-trash", "Removes issues that have been in the trash for 30 days.", purge_trash, NIGHTLY)
