"""The table at the end of a test run: which servers the tests used, and what they lacked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from servers.finding import Found
from servers.record import SKIPPED, USED

HEAD = ("server", "version", "from", "tests", "skipped")


def table(record: Path) -> list[str]:
    """Give the lines; none if no test asked for a server."""
    if not record.exists():
        return []
    notes = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    names = sorted({note["server"] for note in notes})
    rows = [_row(name, [note for note in notes if note["server"] == name]) for name in names]
    return _aligned([HEAD, *rows])


def _row(name: str, notes: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    notes = list(notes)
    tests = {
        what: {note["test"] for note in notes if note["what"] == what} for what in (USED, SKIPPED)
    }
    known = [note for note in notes if note.get("origin")]
    versions = sorted({(_version(name, note), note["origin"]) for note in known})
    shown = [", ".join(dict.fromkeys(words)) for words in zip(*versions, strict=True)] or ["-", "-"]
    return (name, *shown, str(len(tests[USED])), str(len(tests[SKIPPED])))


def _version(name: str, note: Mapping[str, Any]) -> str:
    if not note["program"]:
        return "?"
    program = Path(note["program"])
    return Found(name, note["origin"], program=program, environment=note["environment"]).version()


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
