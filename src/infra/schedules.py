"""The declared cadences of config/schedules.toml as firing instants (cronsim)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from domain.errors import ConfigurationInvalid
from infra.boot import read_toml

KEYS = frozenset({"id", "command", "arguments", "cron", "zone", "start_grace_seconds", "suspended"})

LONGEST_ID = 52
"""A Kubernetes CronJob's name, leaving room for the Job's own suffix."""

LOOK_BACK = timedelta(days=31)
"""How far back firings are counted; the rarest declared cadence is monthly."""


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
        return next(instant for instant in map(_utc, backwards) if instant <= now)

    def between(self, after: datetime, before: datetime, most: int) -> Sequence[datetime]:
        """Return the newest ``most`` firings strictly between the two, in order."""
        after = max(after, before - LOOK_BACK)
        firings: deque[datetime] = deque(maxlen=most)
        for instant in self._from(after):
            if instant >= before:
                break
            firings.append(instant)
        return tuple(firings)

    @property
    def shortest_period(self) -> timedelta:
        """The shortest time between two of the next firings, a day's worth or a hundred."""
        firings = list(islice(self._from(datetime.now(UTC)), 100))
        return min(later - earlier for earlier, later in pairwise(firings))

    def _from(self, instant: datetime) -> Iterator[datetime]:
        return map(_utc, CronSim(self.cron, self._local(instant)))

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


def schedules(root: Path) -> tuple[DeclaredSchedule, ...]:
    """Read config/schedules.toml. Raises ConfigurationInvalid that lists every fault."""
    path = root / "config" / "schedules.toml"
    entries = read_toml(path).get("schedule", [])
    faults = [fault for entry in entries for fault in _faults(entry)]
    ids = [entry.get("id") for entry in entries]
    faults += [f"the id {double} stands twice" for double in {i for i in ids if ids.count(i) > 1}]
    if faults:
        raise ConfigurationInvalid("; ".join(f"{path.name}: {fault}" for fault in faults))
    return tuple(map(_schedule, entries))


def schedule_for(root: Path, command: str, words: Sequence[str]) -> DeclaredSchedule | None:
    """Find the cadence declared for a command with just these arguments, in any order."""
    typed = sorted(words)
    for schedule in schedules(root):
        if schedule.command == command and sorted(schedule.arguments) == typed:
            return schedule
    return None


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def _faults(entry: dict[str, Any]) -> list[str]:
    name = str(entry.get("id", "an entry without id"))
    faults = [f"{name}: unknown key {key}" for key in entry if key not in KEYS]
    faults += [f"{name}: {key} is missing" for key in ("id", "command", "cron") if key not in entry]
    if len(name) > LONGEST_ID:
        faults.append(f"{name}: the id is longer than {LONGEST_ID} characters")
    return faults + _cron_faults(name, str(entry.get("cron", "")), str(entry.get("zone", "UTC")))


def _cron_faults(name: str, cron: str, zone: str) -> list[str]:
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
