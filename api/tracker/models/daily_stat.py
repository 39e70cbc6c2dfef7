from datetime import date, datetime

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import Boolean, CheckConstraint, Date, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, native_enum
from tracker.models.issue import Status


class DailyStat(Base):
    """How many issues had a status at the end of a UTC day; for today, at the last run of the job."""

    __tablename__ = "daily_stats"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    status: Mapped[Status] = mapped_column(native_enum(Status, "issue_status"), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class StatisticsProgress(Base):
    """The single row that says up to where the event log is counted in `daily_stats`."""

    __tablename__ = "statistics_progress"
    __table_args__ = (CheckConstraint("singleton", name="singleton"),)

    singleton: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    seen: Mapped[str] = mapped_column(Text)
    """A `pg_snapshot`: events that it sees are counted."""
    counted_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), server_default=func.now())
