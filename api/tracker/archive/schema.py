"""What an archive tells, line by line.

Whoever changes it raises `FORMAT`, says so in `deploy/archive.md`, and sees to it that older ones can still be read.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from sqlalchemy import Table

from tracker.models import (
    Attachment,
    Base,
    Comment,
    Event,
    EventType,
    ImportBatch,
    ImportChange,
    ImportedIssue,
    ImportNote,
    ImportPerson,
    ImportSource,
    ImportState,
    Issue,
    Role,
    ScanStatus,
    Severity,
    Status,
    User,
)

FORMAT, OLDEST_FORMAT = 2, 1

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One object. Its fields are columns of its table."""


class PersonLine(Line):
    id: int
    email: str
    full_name: str
    role: Role
    is_active: bool
    password_hash: str | None
    """Argon2id; null where it was not asked for, and for people who can't sign in."""
    created_at: Moment
    external_id: str | None
    """Where an imported person comes from, as `jira:ann`."""


class IssueLine(Line):
    id: int
    title: str
    description: str
    status: Status
    severity: Severity
    tags: list[str]
    reporter_id: int
    assignee_id: int | None
    duplicate_of_id: int | None
    version: int
    comment_count: int
    attachment_count: int
    created_at: Moment
    updated_at: Moment
    triaged_at: Moment | None
    closed_at: Moment | None
    deleted_at: Moment | None
    """When it was put into the trash."""
    external_id: str | None


class CommentLine(Line):
    id: int
    issue_id: int
    author_id: int
    body: str
    created_at: Moment
    updated_at: Moment | None
    external_id: str | None


class AttachmentLine(Line):
    id: int
    issue_id: int
    uploaded_by_id: int
    name: str
    content_type: str
    size: int
    sha256: str
    """Its content is `files/<sha256>`."""
    scan_status: ScanStatus
    keep: bool
    created_at: Moment
    removed_at: Moment | None
    """When its content was removed for its age."""

    @property
    def has_content(self) -> bool:
        return self.removed_at is None and self.scan_status is not ScanStatus.INFECTED


class EventLine(Line):
    id: int
    type: EventType
    issue_id: int
    """Perhaps of an issue that was purged."""
    actor_id: int | None
    created_at: Moment
    changes: dict[str, Any]
    """`{field: [old, new]}`, and numbers of comments and files."""


class ImportedIssueLine(Line):
    """What was brought in from another tracker, so that the next import tells its changes from ours."""

    external_id: str
    issue_id: int | None
    updated_at: Moment
    fields: dict[str, str]
    comments: dict[str, str]
    duplicate_of: str | None


class ImportBatchLine(Line):
    """An import that changed something, or could have. The file that it read is not in the archive."""

    id: int
    source: ImportSource
    state: ImportState
    """`failed` as well if it was under way when the archive was made: what it had brought in by then is there."""
    file_name: str
    size: int
    sha256: str
    mapping: dict[str, Any] | None
    created_by_id: int | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    line: int
    position: int
    counts: dict[str, int]
    error: str | None
    undo: dict[str, Any] | None


class ImportNoteLine(Line):
    """What an import has to say about a line of its file."""

    id: int
    batch_id: int
    line: int
    is_error: bool
    message: str


class ImportChangeLine(Line):
    """What an import did to an issue: its rows before, by column, and the numbers of the events that it recorded."""

    id: int
    batch_id: int
    issue_id: int
    external_id: str
    issue: dict[str, Any] | None
    """Null if the import filed it."""
    imported: dict[str, Any] | None
    comments: list[dict[str, Any]] | None
    first_event_id: int | None
    last_event_id: int | None


class ImportPersonLine(Line):
    """Whose account a person of another tracker is."""

    external_id: str
    user_id: int
    batch_id: int
    is_new: bool


class Noun(msgspec.Struct, frozen=True):
    """One member of the archive, and the table that it fills."""

    member: str
    line: type[Line]
    model: type[Base]
    since: int = OLDEST_FORMAT
    """The first format that has it."""

    @property
    def table(self) -> Table:
        table: Any = self.model.__table__
        return table

    @property
    def columns(self) -> tuple[str, ...]:
        return self.line.__struct_fields__


PEOPLE = Noun("people.ndjson", PersonLine, User)
ISSUES = Noun("issues.ndjson", IssueLine, Issue)
COMMENTS = Noun("comments.ndjson", CommentLine, Comment)
ATTACHMENTS = Noun("attachments.ndjson", AttachmentLine, Attachment)
EVENTS = Noun("events.ndjson", EventLine, Event)
IMPORTED = Noun("imported_issues.ndjson", ImportedIssueLine, ImportedIssue)
BATCHES = Noun("import_batches.ndjson", ImportBatchLine, ImportBatch, since=2)
NOTES = Noun("import_notes.ndjson", ImportNoteLine, ImportNote, since=2)
CHANGES = Noun("import_changes.ndjson", ImportChangeLine, ImportChange, since=2)
LINKS = Noun("import_people.ndjson", ImportPersonLine, ImportPerson, since=2)
NOUNS = (PEOPLE, ISSUES, COMMENTS, ATTACHMENTS, EVENTS, IMPORTED, BATCHES, NOTES, CHANGES, LINKS)
"""Each after those that it refers to."""


def nouns_of(version: int) -> tuple[Noun, ...]:
    """Those of a format."""
    return tuple(noun for noun in NOUNS if noun.since <= version)


class Member(msgspec.Struct, frozen=True):
    lines: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself."""

    format: int = FORMAT
    version: str
    """Of the tracker that made it."""
    created_at: Moment
    content: str
    """The content hash, by which two archives hold the same: SHA-256 of `<sha256>  <member>` lines, sorted by member."""
    has_passwords: bool
    members: dict[str, Member]
    files: int
    missing: list[str]
    """Digests of files that the store had lost."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of each kind of line, by the name of its member."""
    types = [Manifest, *(noun.line for noun in NOUNS)]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    members = ["manifest.json", *(noun.member for noun in NOUNS)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Archive of an Issues & Insights Tracker, format {FORMAT}",
        "description": "What stands in manifest.json and in each line of the other members.",
        "properties": dict(zip(members, schemas, strict=True)),
        "$defs": components,
    }
