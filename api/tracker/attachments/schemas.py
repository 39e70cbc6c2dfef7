from datetime import datetime

from tracker.core.schema import Input, Output, PersonRef
from tracker.models import ScanStatus


class AttachmentView(Output):
    """A file of an issue."""

    id: int
    name: str
    content_type: str
    size: int
    """In bytes."""
    sha256: str
    scan_status: ScanStatus
    """`pending` and `infected` files can't be downloaded; the history says what was found."""
    keep: bool
    uploaded_by: PersonRef
    created_at: datetime
    expires_at: datetime | None
    """When the file will be removed; null when it is kept, or gone."""
    removed_at: datetime | None
    """When its content was removed for its age."""


class AttachmentChange(Input):
    keep: bool
    """Whether the file outlives its retention."""
