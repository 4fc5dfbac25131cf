"""The entries of config/schedules.toml as they are written; no cron expression is read here.

A start by hand only asks which schedule declares it, and need not pay for cron's library.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from infra.boot import read_toml


def entries(root: Path) -> tuple[Path, list[dict[str, Any]], list[str]]:
    """Give the file, its entries, and its keys that are none. Raises ConfigurationInvalid."""
    path = root / "config" / "schedules.toml"
    content = read_toml(path)
    found = content.pop("schedule", [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ConfigurationInvalid(f"{path.name}: schedule is not a list; write [[schedule]]")
    return path, found, list(content)


def declared_id(root: Path, command: str, words: Sequence[str]) -> str | None:
    """Find the schedule that declares a command with just these arguments, in any order."""
    typed = parted(words)
    for entry in entries(root)[1]:
        if entry.get("command") == command and _arguments(entry) == typed:
            return str(entry["id"]) if "id" in entry else None
    return None


def parted(words: Sequence[str]) -> list[str]:
    """Part options from their values: ``--supplier=23`` is ``--supplier 23``."""
    parts = [
        part for word in words for part in (word.split("=", 1) if word[:2] == "--" else [word])
    ]
    return sorted(parts)


def _arguments(entry: dict[str, Any]) -> list[str]:
    arguments = entry.get("arguments", [])
    return parted([str(word) for word in arguments]) if isinstance(arguments, list) else []
