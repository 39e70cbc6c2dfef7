"""What files need done now and then."""

from tracker.attachments.retention import Retention
from tracker.attachments.scanner import Scanner
from tracker.attachments.scanning import Scanning
from tracker.attachments.storage import Storage
from tracker.core.jobs import NIGHTLY, Job, JobContext, Schedule

EVERY_MINUTE = Schedule("every minute", {})


async def scan_files(context: JobContext) -> int:
    if context.settings.clamd_url is None:
        return 0
    return await Scanning(context, Storage.of(context.settings), Scanner(context.settings.clamd_url)).scan_due()


async def remove_discarded_files(context: JobContext) -> int:
    return await Retention(context, Storage.of(context.settings)).remove_discarded()


async def remove_expired_files(context: JobContext) -> int:
    return await Retention(context, Storage.of(context.settings)).remove_expired()


async def preview_expired_files(context: JobContext) -> list[str]:
    expired = await Retention(context, Storage.of(context.settings)).expired()
    return [f"#{file.issue_id} {file.name}" for file in expired]


async def preview_orphaned_files(context: JobContext) -> list[str]:
    return await Retention(context, Storage.of(context.settings)).orphans()


async def sweep_orphaned_files(context: JobContext) -> int:
    return await Retention(context, Storage.of(context.settings)).sweep_orphans()


SCAN_FILES = Job("scan-files", "Scans new files for viruses, if CLAMD_URL is set.", scan_files, EVERY_MINUTE)
REMOVE_DISCARDED_FILES = Job(
    "remove-discarded-files",
    "Takes deleted files out of the store.",
    remove_discarded_files,
    EVERY_MINUTE,
)
REMOVE_EXPIRED_FILES = Job(
    "remove-expired-files",
    "Removes files past UPLOAD_RETENTION_DAYS, unless they are marked to be kept.",
    remove_expired_files,
    NIGHTLY,
    preview_expired_files,
)
SWEEP_ORPHANED_FILES = Job(
    "sweep-orphaned-files",
    "Takes the remains of broken uploads older than 24 hours out of the store.",
    sweep_orphaned_files,
    NIGHTLY,
    preview_orphaned_files,
)
