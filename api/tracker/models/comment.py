from datetime import datetime

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class Comment(Base):
    """What somebody said about an issue. A deleted comment's row is gone; its events tell that it existed."""

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_issue", "issue_id", "created_at", "id"),
        Index("ix_comments_author", "author_id"),
        Index("ix_comments_search", "search", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    issue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("issues.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """Null until it is edited."""
    external_id: Mapped[str | None] = mapped_column(Text, unique=True)
    """Where an imported comment comes from, as `jira:195597`."""
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('english', left(body, 100000))", persisted=True), deferred=True
    )
