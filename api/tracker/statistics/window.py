"""The days that a dashboard is about."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec


class Window(msgspec.Struct, frozen=True):
    """The days that end with today, as a time zone cuts them."""

    days: int
    zone: ZoneInfo
    now: datetime

    @property
    def last(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def last_utc(self) -> date:
        return self.now.astimezone(UTC).date()

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)

    @property
    def first_utc(self) -> date:
        return self.last_utc - timedelta(days=self.days - 1)

    @property
    def begin(self) -> datetime:
        return self.midnight(self.first)

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.days)]

    def midnight(self, day: date) -> datetime:
        """When the day begins; days on which the clocks change have 23 or 25 hours."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
