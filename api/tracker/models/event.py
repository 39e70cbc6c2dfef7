from datetime import datetime
from enum import StrEnum
from typing import Any

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, TextClause, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from tracker.models.base import Base


class EventType(StrEnum):
    ISSUE_CREATED = "issue.created"
    ISSUE_UPDATED = "issue.updated"
    ISSUE_DELETED = "issue.deleted"
    ISSUE_RESTORED = "issue.restored"
    COMMENT_CREATED = "comment.created"
    COMMENT_UPDATED = "comment.updated"
    COMMENT_DELETED = "comment.deleted"
    ATTACHMENT_CREATED = "attachment.created"
    ATTACHMENT_UPDATED = "attachment.updated"
    ATTACHMENT_DELETED = "attachment.deleted"


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


CHANGES_STATUS = text("changes ? 'status' OR type IN ('issue.deleted', 'issue.restored')")
"""The events that daily counts by status are made of."""


CHANGES_FIELDS = text("type = 'issue.updated' AND changes ?| '{assignee_id,severity,status,tags}'::text[]")
"""The events that end a value which queries for the past look for."""


def changes_field(field: str) -> TextClause:
    """Not by `?`, of which the planner thinks that next to nothing meets it."""
    return text(f"type = 'issue.updated' AND changes->'{field}' IS NOT NULL")


def _ended(field: str) -> Index:
    """What a change of the field has replaced, and when."""
    return Index(
        f"ix_events_ended_{field.removesuffix('_id')}",
        text(f"(changes->'{field}'->>0)"),
        "created_at",
        postgresql_where=changes_field(field),
    )


class Event(Base):
    """One change to one issue, written in the transaction that made it.

    `txid`, not `id`, tells what a reader has not seen yet: ids are taken before commit, so a smaller one may
    become visible later. There is no foreign key to the issue: the log outlives what is purged from the trash.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_txid", "txid", "id"),
        Index("ix_events_issue", "issue_id", "id"),
        Index("ix_events_status", "created_at", "id", postgresql_where=CHANGES_STATUS),
        Index("ix_events_fields", "issue_id", "created_at", "id", postgresql_where=CHANGES_FIELDS),
        _ended("status"),
        _ended("severity"),
        _ended("assignee_id"),
        Index("ix_events_tags", "created_at", "issue_id", postgresql_where=changes_field("tags")),
        Index("ix_events_actor", "actor_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    txid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    type: Mapped[str] = mapped_column(Text)
    issue_id: Mapped[int] = mapped_column(BigInteger)
    actor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Null when the tracker itself did it."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
    """`{field: [old, new]}`."""
