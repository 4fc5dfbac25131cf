"""config/queues.toml: how long messages are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.queue.retention import Retention
from infra.boot import read_toml

_LEAST = {"processed_days": 1, "crash_days": 0}
"""0 keeps for ever, which only crashed messages may be."""

_LONGEST_DAYS = 36_500


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """All that the file says."""

    retention: Retention


def queue_settings(root: Path) -> QueueSettings:
    """Read the file. Raises ConfigurationInvalid that lists every fault."""
    path = root / "config" / "queues.toml"
    content = read_toml(path)
    if faults := list(_faults(content)):
        raise ConfigurationInvalid("; ".join(f"{path.name}: {fault}" for fault in faults))
    days = content["retention"]
    crashed = timedelta(days=days["crash_days"]) or None
    processed = timedelta(days=days["processed_days"])
    return QueueSettings(retention=Retention(processed=processed, crashed=crashed))


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"unknown section [{name}]" for name in content if name != "retention")
    days = content.get("retention")
    if not isinstance(days, dict):
        yield "[retention] is missing"
        return
    yield from (f"unknown key retention.{key}" for key in days if key not in _LEAST)
    for key, least in _LEAST.items():
        if not _is_number(days.get(key), least):
            yield f"retention.{key} must be a number of days from {least} to {_LONGEST_DAYS}"


def _is_number(value: object, least: int) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and least <= value <= _LONGEST_DAYS  # type: ignore[operator]  # it is a number
