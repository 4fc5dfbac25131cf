"""Where a declared thing stands: file and line, for editors and for SARIF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from domain.operating.findings import Spot

_MANIFEST_SUFFIXES = (".yaml", ".yml", ".cron", ".crontab", ".timer", ".service")
_MESSAGE_TYPE = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+")
_NAMED_SCHEDULE = re.compile(r"\bcr-\d{3}(?:-[a-z0-9]+)+\b")


def places(root: Path, source: Path) -> Callable[[str], tuple[str, int]]:
    """Give what finds the file and line of a contract, schedule, CR, message type, queue or file.

    ``root`` is the folder of config/, ``source`` the checkout.
    """

    def place(subject: str) -> tuple[str, int]:
        folder, pattern, files = _where(root, source, subject)
        for path in files:
            if line := _line(path, pattern):
                return str(path.relative_to(folder)), line
        return (subject, 1) if (root / subject).is_file() else ("config/schedules.toml", 1)

    return place


def _where(root: Path, source: Path, subject: str) -> tuple[Path, str, list[Path]]:
    quoted = re.escape(f'"{subject}"')
    if subject.startswith("[queue."):
        return root, rf"^{re.escape(subject)}", [root / "config" / "queues.toml"]
    if subject.startswith("cron:") or _MESSAGE_TYPE.fullmatch(subject):
        return source, rf"name={quoted}", sorted((source / "src" / "commands").rglob("*.py"))
    if subject.startswith("CR-"):
        return source, quoted, [source / "src" / "kernel" / "inventory.py"]
    return root, rf"^id\s*=\s*{quoted}", [root / "config" / "schedules.toml"]


def _line(path: Path, pattern: str) -> int:
    if not path.is_file():
        return 0
    lines = path.read_text("utf-8").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if re.search(pattern, line)), 0)


def manifests(root: Path) -> list[Spot]:
    """Give each schedule that a rendered file under ops/ names, once per file."""
    folder = root / "ops"
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in _MANIFEST_SUFFIXES]
    return [spot for path in files for spot in _named_in(path, root)]


def _named_in(path: Path, root: Path) -> Iterator[Spot]:
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        for schedule_id in _NAMED_SCHEDULE.findall(line):
            if schedule_id not in seen:
                seen.add(schedule_id)
                yield Spot(file=str(path.relative_to(root)), line=number, what=schedule_id)


def runbooks(root: Path) -> frozenset[str]:
    """Name the CRs that have a runbook."""
    return frozenset(path.stem for path in (root / "ops" / "runbooks").glob("CR-*.md"))
