"""What a page hit counts as, and the days of the shop's zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

QUARTER = timedelta(minutes=15)
"""Every zone's days begin at a quarter of an hour of UTC."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The settings of the counters.

    A hit is read when it was written ``lag`` ago, rejected when it is dated ``ahead`` of its own
    writing, late when its day was over ``closed_after`` ago. ``bots`` are words of an agent,
    ``static`` ends of a path, both in small letters.
    """

    lag: timedelta
    ahead: timedelta
    closed_after: timedelta
    statuses: tuple[int, ...]
    bots: tuple[str, ...]
    static: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Day:
    """A day of the shop, from its first to behind its last instant: 23, 24 or 25 hours."""

    day: date
    begins: datetime
    ends: datetime

    @property
    def first_hour(self) -> datetime:
        return self.begins.replace(minute=0)

    @property
    def behind_last_hour(self) -> datetime:
        """The end, put off to a whole hour: in some zones an hour of UTC has part in two days."""
        return self.ends if not self.ends.minute else self.ends.replace(minute=0) + QUARTER * 4


def day_of(day: date, zone: tzinfo) -> Day:
    """Find where a day begins and ends; a midnight that the clocks skip begins after it."""
    begins, ends = (_midnight(one, zone) for one in (day, day + timedelta(days=1)))
    return Day(day, begins, ends)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_at(instant: datetime, zone: tzinfo) -> date:
    return instant.astimezone(zone).date()


def days(first: date, last: date, zone: tzinfo) -> Iterable[Day]:
    """Give one day after another, both ends with them."""
    for number in range((last - first).days + 1):
        yield day_of(first + timedelta(days=number), zone)
