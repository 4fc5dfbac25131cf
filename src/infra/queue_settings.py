"""config/queues.toml: the queues, the limits of their messages, and how long these are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.queue.retention import Retention
from domain.queue.stale import Limits
from infra.boot import read_toml

FILE = "queues.toml"


@dataclass(frozen=True)
class _Number:
    """A key that holds a number from ``least`` to ``most`` of something."""

    of: str
    least: float
    most: float
    whole: bool = False

    def fits(self, value: object) -> bool:
        known = isinstance(value, int) or (isinstance(value, float) and not self.whole)
        return known and not isinstance(value, bool) and self.least <= float(value) <= self.most  # type: ignore[arg-type]  # it is a number


_DAY_SECONDS, _LONGEST_DAYS = 86_400, 36_500

_LIMITS: Mapping[str, _Number] = {
    "allowed_max_duration_seconds": _Number("seconds", 1, _DAY_SECONDS),
    "lease_seconds": _Number("seconds", 1, _DAY_SECONDS),
    "heartbeat_seconds": _Number("seconds", 0.1, _DAY_SECONDS),
    "rescues": _Number("rescues", 1, 1000, whole=True),
    "rescue_window_hours": _Number("hours", 0.001, 8_760),
    "give_backs": _Number("times", 0, 1000, whole=True),
}
_RETENTION: Mapping[str, _Number] = {
    "processed_days": _Number("days", 1, _LONGEST_DAYS),
    # 0 keeps for ever, which only crashed messages may be.
    "crash_days": _Number("days", 0, _LONGEST_DAYS),
}
_QUEUE: Mapping[str, _Number] = {"workers": _Number("processes", 1, 64, whole=True)}

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class QueueSetting:
    """One declared queue."""

    workers: int


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """All that the file says."""

    queues: Mapping[str, QueueSetting] = field(default_factory=dict)
    limits: Limits
    retention: Retention

    def queue(self, name: str) -> QueueSetting:
        """Give a queue's setting. Raises ConfigurationInvalid for one that is not declared."""
        if name not in self.queues:
            known = ", ".join(sorted(self.queues)) or "none"
            raise ConfigurationInvalid(
                f"no queue is called {name}; config/{FILE} declares: {known}"
            )
        return self.queues[name]


def queue_settings(root: Path) -> QueueSettings:
    """Read the file. Raises ConfigurationInvalid that lists every fault."""
    content = read_toml(root / "config" / FILE)
    if faults := list(_faults(content)):
        raise ConfigurationInvalid("; ".join(f"{FILE}: {fault}" for fault in faults))
    days, queues = content["retention"], content["queue"]
    return QueueSettings(
        queues={name: QueueSetting(workers=said["workers"]) for name, said in queues.items()},
        limits=_limits(content["limits"]),
        retention=Retention(
            processed=timedelta(days=days["processed_days"]),
            crashed=timedelta(days=days["crash_days"]) or None,
        ),
    )


def _limits(said: Mapping[str, float]) -> Limits:
    longest = timedelta(seconds=said["allowed_max_duration_seconds"])
    try:
        return Limits(
            lease=timedelta(seconds=said["lease_seconds"]),
            heartbeat=timedelta(seconds=said["heartbeat_seconds"]),
            duration=longest,
            legacy_age=longest,
            rescues=int(said["rescues"]),
            rescue_window=timedelta(hours=said["rescue_window_hours"]),
            give_backs=int(said["give_backs"]),
        )
    except ConfigurationInvalid as error:
        raise ConfigurationInvalid(f"{FILE}: {error}") from error


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    known = ("queue", "limits", "retention")
    yield from (f"unknown section [{name}]" for name in content if name not in known)
    yield from _section_faults("limits", content.get("limits"), _LIMITS)
    yield from _section_faults("retention", content.get("retention"), _RETENTION)
    queues = content.get("queue")
    if not isinstance(queues, dict) or not queues:
        yield "no queue is declared: [queue.general] is missing"
        return
    for name, said in queues.items():
        if not _NAME.fullmatch(name):
            yield f"queue.{name}: a queue's name is made of a-z, 0-9 and -, at most 40"
        yield from _section_faults(f"queue.{name}", said, _QUEUE)


def _section_faults(name: str, said: object, keys: Mapping[str, _Number]) -> Iterator[str]:
    if not isinstance(said, dict):
        yield f"[{name}] is missing"
        return
    yield from (f"unknown key {name}.{key}" for key in said if key not in keys)
    for key, number in keys.items():
        if not number.fits(said.get(key)):
            whole = "whole " if number.whole else ""
            yield (
                f"{name}.{key} must be a {whole}number of {number.of} from {number.least:g}"
                f" to {number.most:g}"
            )
