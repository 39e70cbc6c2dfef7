from datetime import datetime
from enum import StrEnum

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, native_enum


class Role(StrEnum):
    REPORTER = "reporter"
    MAINTAINER = "maintainer"
    ADMIN = "admin"


STAFF_ROLES = frozenset({Role.MAINTAINER, Role.ADMIN})


class User(Base):
    """A person. `password_hash` is null for people who came with an import: they can't sign in."""

    __tablename__ = "users"
    __table_args__ = (
        Index("ux_users_email", func.lower(text("email")), unique=True),
        Index("ix_users_full_name", "full_name", "id"),
        Index("ix_users_active_staff", "role", postgresql_where=text("is_active AND role <> 'reporter'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    full_name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(native_enum(Role, "user_role"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
    external_id: Mapped[str | None] = mapped_column(Text, unique=True)
    """Where an imported person comes from, as `jira:<name>`."""
