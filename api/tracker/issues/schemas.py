"""Bodies of the issue operations."""

import re
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from tracker.core.errors import Invalid
from tracker.core.paging import Page
from tracker.core.schema import NO_NUL, ONE_LINE, Id, Input, Output, PersonRef
from tracker.issues.tags import Tags, cleaned
from tracker.models import Severity, Status

MAX_TITLE_LENGTH = 200
MAX_DESCRIPTION_BYTES = 2 * 1024 * 1024

# Longer than the limit, because it is the trimmed title that counts.
Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1000,
        description="One line of 1 to 200 characters after trimming.",
        examples=["Login fails after the session expires"],
    ),
]
Description = Annotated[
    str,
    Meta(
        max_length=MAX_DESCRIPTION_BYTES,
        pattern=NO_NUL,
        description="Markdown, up to 2 MB.",
        examples=["Sign in, wait ten minutes, press **Save**: an empty page."],
    ),
]


def _trimmed_title(title: str) -> str:
    trimmed = title.strip()
    if not 1 <= len(trimmed) <= MAX_TITLE_LENGTH:
        raise Invalid.field("title", f"Must have 1 to {MAX_TITLE_LENGTH} characters.")
    if not re.fullmatch(ONE_LINE, trimmed):
        raise Invalid.field("title", "Must be one line without control characters.")
    return trimmed


def _fits(description: str) -> str:
    if len(description) * 4 > MAX_DESCRIPTION_BYTES and len(description.encode()) > MAX_DESCRIPTION_BYTES:
        raise Invalid.field("description", "Must not be larger than 2 MB.")
    return description


class NewIssue(Input):
    title: Title
    description: Description = ""
    severity: Severity = Severity.MEDIUM
    tags: Tags = []
    status: Status | UnsetType = UNSET
    """Staff only."""
    assignee_id: Id | UnsetType | None = UNSET
    """Staff only."""

    def __post_init__(self) -> None:
        self.title = _trimmed_title(self.title)
        self.description = _fits(self.description)
        self.tags = cleaned(self.tags)


class IssueChange(Input):
    """Only the fields given change. All but title and description are for staff."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    severity: Severity | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    assignee_id: Id | UnsetType | None = UNSET
    duplicate_of: Id | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.title is not UNSET:
            self.title = _trimmed_title(self.title)
        if self.description is not UNSET:
            self.description = _fits(self.description)
        if self.tags is not UNSET:
            self.tags = cleaned(self.tags)

    def names_triage_fields(self) -> bool:
        triage = (self.status, self.severity, self.tags, self.assignee_id, self.duplicate_of)
        return any(value is not UNSET for value in triage)


class IssueRow(Output):
    """An issue without its description, as lists and events carry it."""

    id: int
    title: str
    status: Status
    severity: Severity
    tags: list[str]
    reporter: PersonRef
    assignee: PersonRef | None
    duplicate_of: int | None
    version: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    comment_count: int
    attachment_count: int


class IssueView(IssueRow):
    """A whole issue."""

    description: str


class TrashedIssue(IssueRow):
    deleted_at: datetime


class IssuePage(Page[IssueRow]):
    """A page of the list. `total` is exact up to 10,000, unless it is capped: then there are at least so many."""

    # Said again because the OpenAPI document would lose the parameter of the generic base.
    items: list[IssueRow]
    total: int
    total_is_capped: bool


class AttachmentRef(Output):
    """A file as the history names it, whether it is still there or not."""

    id: int
    name: str


class HistoryEntry(Output):
    """One change of one field."""

    id: str
    """`<event_id>.<n>`."""
    event_id: int
    type: str
    actor: PersonRef | None
    created_at: datetime
    field: str
    old: Any
    new: Any
    comment_id: int | None
    """The comment that was written, edited or deleted."""
    attachment: AttachmentRef | None
    """The file that was attached, changed or removed."""
    people: list[PersonRef]
    """Whom `old` and `new` name, where the field is about a person."""
