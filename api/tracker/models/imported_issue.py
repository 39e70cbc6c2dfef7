from datetime import datetime

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class ImportedIssue(Base):
    """What was last brought in from another tracker, so that the next import tells its changes from ours.

    It outlives the issue: what was purged here does not come back.
    """

    __tablename__ = "imported_issues"
    __table_args__ = (Index("ix_imported_issues_issue", "issue_id"),)

    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    issue_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("issues.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    """When it had last changed over there."""
    fields: Mapped[dict[str, str]] = mapped_column(JSONB)
    """Digests of its values by field."""
    comments: Mapped[dict[str, str]] = mapped_column(JSONB)
    """Digests of its comments by external id."""
    duplicate_of: Mapped[str | None] = mapped_column(Text)
    """External id."""
