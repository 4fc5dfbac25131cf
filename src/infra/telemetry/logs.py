"""The run's log: one JSON object per line, or one readable line on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from infra.secrets import scrub, scrubbed
from infra.telemetry.printable import harmless

LEVELS = ("debug", "info", "warning", "error")

QUIET, NORMAL, DEBUG = -1, 0, 1

_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31"}

_SHOWN_FROM = {
    "run_id": 1, "pid": 1,
    "command": 2, "scope": 2, "cr": 2, "host": 2, "correlation_id": 2, "scheduler_run_id": 2,
    "version": 3, "accountable": 3, "responsible": 3,
}  # fmt: skip
"""From which verbosity on a person at a terminal reads these; all else stands on every line."""

_OWN_PLACE = frozenset({"ts", "level", "event", "message", "traceback"})


def least_level(verbosity: int) -> str:
    """Give the lowest level that is written: errors at -q, information, and all from -v on."""
    if verbosity <= QUIET:
        return "error"
    return "info" if verbosity == NORMAL else "debug"


class JsonLog:
    """Writes log lines with the run's ids bound once. Never raises: a full disk stops no job."""

    def __init__(
        self, stream: TextIO | None = None, *, verbosity: int = 0, human: bool = False
    ) -> None:
        self._stream, self._human, self._colour = stream, human, False
        self._verbosity = verbosity
        self._least = LEVELS.index(least_level(verbosity))
        self._bound: dict[str, Any] = {}

    def with_colour(self, *, colour: bool) -> JsonLog:
        self._colour = colour
        return self

    def for_child(self) -> JsonLog:
        """Give a log with the same ids that always writes JSON; the parent makes it readable."""
        child = JsonLog(verbosity=DEBUG)
        child.bind(**self._bound)
        return child

    def bind(self, **fields: Any) -> None:
        self._bound.update(fields)

    def debug(self, event: str, message: str = "", **fields: Any) -> None:
        self._write("debug", event, message, fields)

    def info(self, event: str, message: str = "", **fields: Any) -> None:
        self._write("info", event, message, fields)

    def warning(self, event: str, message: str = "", **fields: Any) -> None:
        self._write("warning", event, message, fields)

    def error(self, event: str, message: str = "", **fields: Any) -> None:
        self._write("error", event, message, fields)

    def forward(self, line: str) -> None:
        """Pass a child's line on: a log line as it is, anything else wrapped into one."""
        record = _record(line)
        if record is None:
            self._write("info", "output", line, {})
        elif LEVELS.index(record["level"]) >= self._least:
            self._put(self._readable(_clean(record)) if self._human else _clean_line(line, record))

    def _write(self, level: str, event: str, message: str, fields: Mapping[str, Any]) -> None:
        if LEVELS.index(level) < self._least:
            return
        record = {"ts": _now(), "level": level, "event": str(event), "pid": os.getpid()}
        record |= scrubbed({**self._bound, **fields})
        if message:
            record["message"] = scrub(message)
        text = self._readable(record) if self._human else as_json(record)
        self._put(text)

    def _readable(self, record: Mapping[str, Any]) -> str:
        return scrub(readable(record, colour=self._colour, verbosity=self._verbosity))

    def _put(self, text: str) -> None:
        try:
            # Looked up at each line: a progress bar puts its own stream there, to write above it.
            stream = self._stream or sys.stderr
            stream.write(text + "\n")
            stream.flush()
        except (OSError, ValueError):
            return


def as_json(record: Mapping[str, Any]) -> str:
    """Write one record; values JSON does not know become their text."""
    return json.dumps(record, default=_shown, ensure_ascii=False, separators=(",", ":"))


def _shown(value: object) -> str:
    return scrub(str(value))


def _clean_line(line: str, record: Mapping[str, Any]) -> str:
    """Pass a line on as it is; one with a secret is written anew, so that it stays JSON."""
    return line if scrub(line) == line else as_json(_clean(record))


def _clean(record: Mapping[str, Any]) -> dict[str, Any]:
    """Scrub a record; its level, event and time are words of ours, whatever a secret is."""
    own = {key: record[key] for key in ("ts", "level", "event")}
    return {**scrubbed(record), **own}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # a thousand opening brackets are output, not a record
        return None
    known = isinstance(record, dict) and {"ts", "event"} <= record.keys()
    return record if known and record.get("level") in LEVELS else None


def readable_tail(text: str) -> str:
    """Write kept log lines for a person; what is no log line stays as it is."""
    records = ((line, _record(line)) for line in text.splitlines())
    return "\n".join(readable(record) if record else line for line, record in records)


def readable(record: Mapping[str, Any], *, colour: bool = False, verbosity: int = 0) -> str:
    """Write one record for a person: time, level, event, message, and what else is special."""
    level = record["level"]
    extra = " ".join(
        f"{key}={value}"
        for key, value in record.items()
        if key not in _OWN_PLACE
        and verbosity >= _SHOWN_FROM.get(key, 0)
        and value not in (None, "", {}, [])
    )
    when = str(record["ts"])[11:19]
    head = f"{level:<7}"
    if colour:
        head = f"\033[{_COLOURS[level]}m{head}\033[0m"
    parts = (record["event"], record.get("message", ""), extra)
    said = harmless(" ".join(str(part) for part in parts if part))
    text = f"{when} {head} {said}"
    return f"{text}\n{harmless(record['traceback'])}" if record.get("traceback") else text
