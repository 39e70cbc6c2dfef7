from datetime import datetime
from enum import StrEnum

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, native_enum


class ScanStatus(StrEnum):
    NOT_SCANNED = "not_scanned"
    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"


SCANNABLE = frozenset({ScanStatus.NOT_SCANNED, ScanStatus.PENDING})


class Attachment(Base):
    """A file of an issue. The row outlives the file itself, which is removed after its retention."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_issue", "issue_id", "id"),
        Index("ix_attachments_uploaded_by", "uploaded_by_id"),
        Index("ix_attachments_uploader", "uploaded_by_id", postgresql_where=text("removed_at IS NULL")),
        Index("ix_attachments_expiring", "created_at", postgresql_where=text("removed_at IS NULL AND NOT keep")),
        Index(
            "ix_attachments_scan_due",
            "scan_due_at",
            postgresql_where=text("scan_status IN ('not_scanned', 'pending') AND removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    issue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("issues.id", ondelete="CASCADE"))
    uploaded_by_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(Text)
    """For display only."""
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str] = mapped_column(Text, unique=True)
    """Under which random name the store holds the content."""
    scan_status: Mapped[ScanStatus] = mapped_column(native_enum(ScanStatus, "scan_status"))
    scan_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    scan_due_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    keep: Mapped[bool] = mapped_column(server_default=text("false"))
    """Staff wants it to outlive the retention."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    removed_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """When the content was removed for its age; null while it is there."""


class DiscardedFile(Base):
    """Content that no attachment names any more and a job has yet to take out of the store.

    Written by the transaction that lets go of it, so that neither a crash nor a store that is away can leave a file
    behind.
    """

    __tablename__ = "discarded_files"

    storage_key: Mapped[str] = mapped_column(Text, primary_key=True)
    discarded_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
