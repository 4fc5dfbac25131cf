"""What was told while the ledger was away: one small file, merged into it once it is back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from domain.operating.contract import Owner
from domain.operating.incidents import REMIND_EVERY
from domain.operating.report import Report, fingerprint
from domain.operating.run import Outcome
from infra.alerts.spooled import FILE, is_spooled

CLAIM = timedelta(seconds=60)
"""For so long a notice counts as told while it is being sent."""


@dataclass
class Entry:
    """One fault of a command and scope; ``told`` holds until when an owner is not told again."""

    report: Report
    incident_id: str
    count: int = 0
    told: dict[Owner, datetime] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.report.command, self.report.scope, fingerprint(self.report)


class Spool:
    """Kept in the state directory; several processes may write it at once."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, directory / FILE
        self.remembers = True
        """False once the file could not be written: then everything counts as news."""

    @property
    def is_empty(self) -> bool:
        return not is_spooled(self._directory)

    def note(self, report: Report, incident_id: str) -> Entry:
        """Count a failure that the ledger could not keep."""
        with self._entries() as entries:
            fresh = Entry(report=report, incident_id=incident_id)
            entry = next((entry for entry in entries if entry.key == fresh.key), fresh)
            if entry is fresh:
                entries.append(fresh)
            entry.count += 1
            return entry

    def claim(self, entry: Entry, owner: Owner, now: datetime) -> bool:
        """Take it on to tell an owner; False where the owner knows of this fault of any job."""
        with self._entries() as entries:
            alike = [known for known in entries if known.key[2] == entry.key[2]]
            if any(known.told.get(owner, now) > now for known in alike):
                return False
            _same(entries, entry).told[owner] = now + CLAIM
            return True

    def settle(self, entry: Entry, owner: Owner, now: datetime, *, told: bool) -> None:
        """Remember that an owner was told, or that nobody could tell."""
        with self._entries() as entries:
            known = _same(entries, entry)
            if told:
                known.told[owner] = now + REMIND_EVERY
            else:
                known.told.pop(owner, None)

    @contextmanager
    def taken(self) -> Iterator[list[Entry]]:
        """Give every entry to be merged, and forget them unless that fails."""
        with self._entries() as entries:
            yield list(entries)
            entries.clear()

    @contextmanager
    def _entries(self) -> Iterator[list[Entry]]:
        import fcntl

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+b", buffering=0)
        except OSError:
            self.remembers = False
            yield []
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            entries = _read(file.read())
            yield entries
            self._write(file, entries)

    def _write(self, file: BinaryIO, entries: list[Entry]) -> None:
        content = json.dumps([_values(entry) for entry in entries]) if entries else ""
        try:
            file.truncate(0)  # what is appended then begins the file
            file.write(content.encode())
        except OSError:  # a full disk must not cost the notice
            self.remembers = False


def _same(entries: list[Entry], entry: Entry) -> Entry:
    """Find the entry as it stands in the file now; another process may have merged it."""
    found = next((known for known in entries if known.key == entry.key), None)
    if found is None:
        entries.append(entry)
        return entry
    return found


def _read(content: bytes) -> list[Entry]:
    """Read what was written; a file cut off by a full disk holds nothing worth a failure."""
    try:
        return [_entry(values) for values in json.loads(content or b"[]")]
    except (ValueError, KeyError, TypeError):
        return []


def _entry(values: dict[str, Any]) -> Entry:
    report = values["report"]
    return Entry(
        report=Report(
            **{
                **report,
                "outcome": Outcome.of(report["outcome"]),
                "at": datetime.fromisoformat(report["at"]),
                "faults": tuple(report["faults"]),
            }
        ),
        incident_id=values["incident_id"],
        count=values["count"],
        told={Owner(o): datetime.fromisoformat(at) for o, at in values["told"].items()},
    )


def _values(entry: Entry) -> dict[str, Any]:
    report = vars(entry.report) | {
        "outcome": entry.report.outcome.word,
        "at": entry.report.at.isoformat(),
    }
    told = {owner.value: until.isoformat() for owner, until in entry.told.items()}
    return {
        "report": report,
        "incident_id": entry.incident_id,
        "count": entry.count,
        "told": told,
    }
