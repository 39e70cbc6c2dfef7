from datetime import datetime
from enum import StrEnum
from typing import Any

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, native_enum


class ImportSource(StrEnum):
    CSV = "csv"
    GITHUB = "github"
    JIRA = "jira"


class ImportState(StrEnum):
    PLANNED = "planned"
    CHECKING = "checking"
    """A dry run is under way, or waits for its turn."""
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Ended before its end; what it had brought in by then is there, and can be undone."""
    UNDOING = "undoing"
    UNDONE = "undone"


class ImportBatch(Base):
    """One import of one file, which can be taken back as one."""

    __tablename__ = "import_batches"
    __table_args__ = (
        Index("ix_import_batches_created_by", "created_by_id"),
        Index("ix_import_batches_waiting", "id", postgresql_where=text("state IN ('checking', 'running', 'undoing')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[ImportSource] = mapped_column(native_enum(ImportSource, "import_source"))
    state: Mapped[ImportState] = mapped_column(
        native_enum(ImportState, "import_state"), server_default=ImportState.PLANNED
    )
    file_name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str | None] = mapped_column(Text)
    """Where the file lies; null once it is not needed any more, and for files that a command read."""
    comments_key: Mapped[str | None] = mapped_column(Text)
    """Where a second file with comments lies."""
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the columns of a CSV file mean."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Null for a command."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """When it was done, failed or was undone."""
    line: Mapped[int] = mapped_column(Integer, server_default="0")
    """The last line of which all is written …"""
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """… and how many bytes of the file that is."""
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, server_default="{}")
    error: Mapped[str | None] = mapped_column(Text)
    """Why it failed, or could not be undone."""
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Who wants it undone, and whether at all costs."""


class ImportNote(Base):
    """What an import has to say about a line: why it is not imported, or what of it was changed or left out."""

    __tablename__ = "import_notes"
    __table_args__ = (Index("ix_import_notes_batch", "batch_id", "line", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("import_batches.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column(Integer)
    is_error: Mapped[bool]
    """The line is not imported."""
    message: Mapped[str] = mapped_column(Text)


class ImportChange(Base):
    """What an import did to an issue, with all that is needed to take it back."""

    __tablename__ = "import_changes"
    __table_args__ = (
        Index("ix_import_changes_batch", "batch_id", "id"),
        Index("ix_import_changes_issue", "issue_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("import_batches.id", ondelete="CASCADE"))
    issue_id: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[str] = mapped_column(Text)
    issue: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Its row before; null if the import filed it."""
    imported: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What was last imported of it before, if something was."""
    comments: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """The rows of its imported comments before."""
    first_event_id: Mapped[int | None] = mapped_column(BigInteger)
    last_event_id: Mapped[int | None] = mapped_column(BigInteger)
    """Which events of the issue the import recorded; null if there are none."""


class ImportPerson(Base):
    """Whose account a person of another tracker is."""

    __tablename__ = "import_people"
    __table_args__ = (
        Index("ix_import_people_batch", "batch_id"),
        Index("ix_import_people_user", "user_id"),
    )

    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("import_batches.id", ondelete="CASCADE"))
    is_new: Mapped[bool]
    """The import made the account."""
