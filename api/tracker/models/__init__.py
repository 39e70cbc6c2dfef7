"""Every table, one file per aggregate."""

from tracker.models.attachment import SCANNABLE, Attachment, DiscardedFile, ScanStatus
from tracker.models.base import Base
from tracker.models.comment import Comment
from tracker.models.daily_stat import DailyStat, StatisticsProgress
from tracker.models.event import CHANGES_FIELDS, Event, EventType, changes_field
from tracker.models.idempotency import IdempotencyKey
from tracker.models.import_batch import (
    ImportBatch,
    ImportChange,
    ImportNote,
    ImportPerson,
    ImportSource,
    ImportState,
)
from tracker.models.imported_issue import ImportedIssue
from tracker.models.installation import Installation
from tracker.models.issue import CLOSED_STATUSES, Issue, Severity, Status
from tracker.models.job_run import JobRun
from tracker.models.search import SearchDocument, SearchWord
from tracker.models.session import RefreshToken, Session
from tracker.models.user import STAFF_ROLES, Role, User

__all__ = [
    "CHANGES_FIELDS",
    "CLOSED_STATUSES",
    "SCANNABLE",
    "STAFF_ROLES",
    "Attachment",
    "Base",
    "Comment",
    "DailyStat",
    "DiscardedFile",
    "Event",
    "EventType",
    "IdempotencyKey",
    "ImportBatch",
    "ImportChange",
    "ImportNote",
    "ImportPerson",
    "ImportSource",
    "ImportState",
    "ImportedIssue",
    "Installation",
    "Issue",
    "JobRun",
    "RefreshToken",
    "Role",
    "ScanStatus",
    "SearchDocument",
    "SearchWord",
    "Session",
    "Severity",
    "StatisticsProgress",
    "Status",
    "User",
    "changes_field",
]
