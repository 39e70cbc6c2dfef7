from datetime import datetime
from enum import StrEnum

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, native_enum


class Status(StrEnum):
    OPEN = "open"
    TRIAGED = "triaged"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


CLOSED_STATUSES = frozenset({Status.DONE, Status.CANCELLED})


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


LIVE = text("deleted_at IS NULL")


class Issue(Base):
    """An issue as it is now; how it came to be so is in `events`."""

    __tablename__ = "issues"
    __table_args__ = (
        Index("ix_issues_created", "created_at", "id", postgresql_include=["reporter_id"], postgresql_where=LIVE),
        Index("ix_issues_updated", "updated_at", "id", postgresql_where=LIVE),
        Index("ix_issues_severity", "severity", "id", postgresql_where=LIVE),
        Index("ix_issues_status", "status", "created_at", "id", postgresql_where=LIVE),
        Index(
            "ix_issues_filtered",
            "status",
            "severity",
            "created_at",
            "id",
            postgresql_include=["tag_keys"],
            postgresql_where=LIVE,
        ),
        Index(
            "ix_issues_closed", "closed_at", "id", postgresql_include=["created_at", "status"], postgresql_where=LIVE
        ),
        Index(
            "ix_issues_took",
            text("(closed_at - created_at)"),
            postgresql_where=text("closed_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_issues_triaged", "triaged_at", postgresql_include=["created_at"], postgresql_where=LIVE),
        Index("ix_issues_facets", "status", "severity", "assignee_id", postgresql_where=LIVE),
        Index("ix_issues_open", "created_at", "id", postgresql_where=text("closed_at IS NULL AND deleted_at IS NULL")),
        Index(
            "ix_issues_attached",
            "created_at",
            "id",
            postgresql_where=text("attachment_count > 0 AND deleted_at IS NULL"),
        ),
        Index(
            "ix_issues_undescribed",
            "created_at",
            "id",
            postgresql_where=text("description = '' AND deleted_at IS NULL"),
        ),
        Index("ix_issues_reporter", "reporter_id", "created_at", "id"),
        Index("ix_issues_assignee", "assignee_id", "created_at", "id"),
        Index("ix_issues_duplicate_of", "duplicate_of_id", postgresql_where=text("duplicate_of_id IS NOT NULL")),
        Index("ix_issues_trash", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_issues_tag_keys", "tag_keys", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, deferred=True, server_default="")
    status: Mapped[Status] = mapped_column(native_enum(Status, "issue_status"), server_default=Status.OPEN)
    severity: Mapped[Severity] = mapped_column(native_enum(Severity, "issue_severity"), server_default=Severity.MEDIUM)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """As people wrote them, in their order."""
    tag_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """The same tags in the form in which they are compared."""
    reporter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    assignee_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    duplicate_of_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("issues.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    """Grows with every change of the issue's own fields; comments and files leave it alone."""
    comment_count: Mapped[int] = mapped_column(Integer, server_default="0")
    attachment_count: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    triaged_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """When it first had another status than open."""
    closed_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    external_id: Mapped[str | None] = mapped_column(Text, unique=True)
    """Where an imported issue comes from, as `jira:ALOY-4`."""
    search: Mapped[str | None] = mapped_column(TSVECTOR, deferred=True)
    """Nobody's: the version before asks for it when it files issues, so it goes with the next."""
