"""Which firing a start belongs to, and whether it comes too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from domain.errors import Refused
from domain.operating.contract import CatchUp, CatchUpKind
from domain.operating.run import Trigger

CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead of our clock a scheduler's instant may be (hosts' clocks differ)."""

MOST_MISSED = 1000
"""Missed firings noted at one start; an every-minute job is silent for 16 h before more exist."""

OLDEST_FIRING = timedelta(days=366)
"""A Job's suffix that is further off is a person's number (a date, a ticket) and no minute."""

_MINUTE_DIGITS = 8
"""Digits of a Kubernetes Job's suffix: minutes since 1970, 8 digits until the year 2160."""


class Schedule(Protocol):
    """One declared cadence."""

    @property
    def schedule_id(self) -> str: ...
    @property
    def start_grace(self) -> timedelta: ...
    def newest(self, now: datetime) -> datetime:
        """Return the newest declared instant at or before ``now``."""
        ...

    def between(self, after: datetime, before: datetime, most: int) -> Sequence[datetime]:
        """Return the instants strictly between the two, the newest ``most`` of them, in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Firing:
    """What the outside said about this start."""

    trigger: Trigger
    scheduled_at: datetime | None
    scheduler_run_id: str | None


def slot_instant(firing: Firing, schedule: Schedule | None, now: datetime) -> datetime | None:
    """Find the instant that this start stands for; None makes the run manual.

    In order: the instant given, the minute in a Kubernetes Job's name, and for a scheduled start
    the newest declared instant within its start grace. Raises Refused for one in the future.
    """
    given = firing.scheduled_at or _from_job_name(firing.scheduler_run_id, now)
    if given is not None:
        if given > now + CLOCK_SKEW:
            raise Refused(f"the slot {given:%Y-%m-%dT%H:%M:%SZ} lies in the future")
        return given.astimezone(UTC)
    if schedule is None or firing.trigger is not Trigger.SCHEDULE:
        return None
    newest = schedule.newest(now)
    return newest if now - newest <= schedule.start_grace else None


def _from_job_name(name: str | None, now: datetime) -> datetime | None:
    suffix = (name or "").rpartition("-")[2]
    if len(suffix) != _MINUTE_DIGITS or not suffix.isdigit():
        return None
    instant = datetime.fromtimestamp(int(suffix) * 60, UTC)
    return instant if abs(now - instant) <= OLDEST_FIRING else None


def is_too_late(
    slot: datetime,
    now: datetime,
    *,
    start_grace: timedelta,
    catch_up: CatchUp,
    newer_slots: int,
) -> bool:
    """Tell whether a start for ``slot`` is skipped.

    ``newer_slots`` counts the firings after it that were due already or have a row: ``last``
    catches up only the newest firing, ``all`` the newest ``most``.
    """
    if now - slot <= start_grace:
        return False
    if catch_up.kind is CatchUpKind.NONE:
        return True
    return newer_slots >= catch_up.most


def missed_between(
    schedule: Schedule, last: datetime | None, until: datetime
) -> Sequence[datetime]:
    """List firings after the last one on record and before ``until``; none without a record."""
    if last is None or last >= until:
        return ()
    return schedule.between(last, until, MOST_MISSED)
