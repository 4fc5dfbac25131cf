"""The declared cadences of config/schedules.toml as firing instants (cronsim)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from math import inf
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from domain.errors import ConfigurationInvalid
from infra.schedule_entries import entries, parted

FIELDS = 5

LONGEST_ID = 52
"""A Kubernetes CronJob's name, leaving room for the Job's own suffix."""

LOOK_BACK = timedelta(days=31)
"""How far back firings are counted; the rarest declared cadence is monthly."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_span(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("a text", _is_text),
    "command": ("a text", _is_text),
    "arguments": ("a list of texts", _are_texts),
    "cron": ("a text", _is_text),
    "zone": ("a text", _is_text),
    "start_grace_seconds": ("a number above 0", _is_span),
    "suspended": ("true or false", lambda value: isinstance(value, bool)),
}


@dataclass(frozen=True, kw_only=True)
class DeclaredSchedule:
    """One cadence: a cron expression of five fields in a zone."""

    schedule_id: str
    command: str
    arguments: tuple[str, ...]
    cron: str
    zone: str
    start_grace: timedelta
    suspended: bool

    def newest(self, now: datetime) -> datetime:
        """Return the newest firing at or before ``now``."""
        backwards = CronSim(self.cron, self._local(now + timedelta(minutes=1)), reverse=True)
        newest = next(instant for instant in map(_utc, backwards) if instant <= now)
        # Backwards, a firing that a change of the clock moved is passed over; forwards it is not.
        for instant in self._from(newest):
            if instant > now:
                break
            newest = instant
        return newest

    def between(self, after: datetime, before: datetime, most: int) -> Sequence[datetime]:
        """Return the newest ``most`` firings strictly between the two, in order."""
        after = max(after, before - LOOK_BACK)
        firings: deque[datetime] = deque(maxlen=most)
        for instant in self._from(after):
            if instant >= before:
                break
            firings.append(instant)
        return tuple(firings)

    def next(self, after: datetime) -> datetime:
        """Return the first firing after the instant."""
        return next(self._from(after))

    @property
    def start_grace_seconds(self) -> float:
        return self.start_grace.total_seconds()

    @property
    def longest_period_seconds(self) -> float:
        """The longest time between two firings; an hour more where clocks are put forward."""
        wall = CronSim(self.cron, datetime.now(UTC))
        times = [timedelta(hours=h, minutes=m) for h in wall.hours for m in wall.minutes]
        first, last = min(times), max(times)
        within = (later - earlier for earlier, later in pairwise(sorted(times)))
        overnight = self._longest_days() - (last - first)
        moved = timedelta(hours=0 if self.zone == "UTC" else 1)
        return (max((overnight, *within)) + moved).total_seconds()

    def _longest_days(self) -> timedelta:
        days = self.cron.split()[2:]
        if days == ["*", "*", "*"]:
            return timedelta(days=1)
        firings = list(islice(CronSim(" ".join(("0", "0", *days)), datetime.now(UTC)), 61))
        return max(later - earlier for earlier, later in pairwise(firings))

    @property
    def shortest_period(self) -> timedelta:
        """The shortest time between two of the next firings, a day's worth or a hundred."""
        firings = list(islice(self._from(datetime.now(UTC)), 100))
        return min(later - earlier for earlier, later in pairwise(firings))

    def _from(self, instant: datetime) -> Iterator[datetime]:
        firings = map(_utc, CronSim(self.cron, self._local(instant)))
        return (firing for firing in firings if firing > instant)  # an hour may come twice

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


def schedules(root: Path) -> tuple[DeclaredSchedule, ...]:
    """Read config/schedules.toml. Raises ConfigurationInvalid that lists every fault."""
    path, found, strangers = entries(root)
    faults = [f"unknown key {key}; a cadence stands under [[schedule]]" for key in strangers]
    faults += [fault for entry in found for fault in _faults(entry)]
    ids = Counter(entry["id"] for entry in found if "id" in entry)
    faults += [f"the id {double} stands twice" for double, count in ids.items() if count > 1]
    if faults:
        raise ConfigurationInvalid("; ".join(f"{path.name}: {fault}" for fault in faults))
    return tuple(map(_schedule, found))


def schedule_for(root: Path, command: str, words: Sequence[str]) -> DeclaredSchedule | None:
    """Find the cadence declared for a command with just these arguments, in any order."""
    typed = parted(words)
    for schedule in schedules(root):
        if schedule.command == command and parted(schedule.arguments) == typed:
            return schedule
    return None


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def _faults(entry: dict[str, Any]) -> list[str]:
    name = str(entry.get("id", "an entry without id"))
    faults = [f"{name}: unknown key {key}" for key in entry if key not in KINDS]
    faults += [f"{name}: {key} is missing" for key in ("id", "command", "cron") if key not in entry]
    faults += [
        f"{name}: {key} is not {kind}"
        for key, (kind, holds) in KINDS.items()
        if key in entry and not holds(entry[key])
    ]
    if len(name) > LONGEST_ID:
        faults.append(f"{name}: the id is longer than {LONGEST_ID} characters")
    return faults + _cron_faults(name, str(entry.get("cron", "")), str(entry.get("zone", "UTC")))


def _cron_faults(name: str, cron: str, zone: str) -> list[str]:
    if len(cron.split()) != FIELDS:
        return [f"{name}: cron {cron!r} has not five fields"]
    try:
        CronSim(cron, datetime.now(ZoneInfo(zone)))
    except CronSimError as error:
        return [f"{name}: cron {cron!r}: {error}"]
    except (KeyError, ValueError, OSError):
        return [f"{name}: unknown zone {zone}"]
    return []


def _schedule(entry: dict[str, Any]) -> DeclaredSchedule:
    return DeclaredSchedule(
        schedule_id=entry["id"],
        command=entry["command"],
        arguments=tuple(entry.get("arguments", ())),
        cron=entry["cron"],
        zone=entry.get("zone", "UTC"),
        start_grace=timedelta(seconds=entry.get("start_grace_seconds", 300)),
        suspended=entry.get("suspended", False),
    )
