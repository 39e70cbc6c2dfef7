from datetime import datetime

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class JobRun(Base):
    """How a background job's last run went, and when it last succeeded."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    milliseconds: Mapped[int] = mapped_column(Integer)
    succeeded: Mapped[bool] = mapped_column(Boolean)
    affected: Mapped[int | None] = mapped_column(BigInteger)
    """How many things it changed or removed; null for a failed run."""
    error: Mapped[str | None] = mapped_column(Text)
    """The kind of error that ended it; its text is in the worker's log."""
    succeeded_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """When the last successful run ended."""
    runs: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(BigInteger)
