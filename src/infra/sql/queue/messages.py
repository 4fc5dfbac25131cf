"""Rows of the queue as messages, and messages as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.operating.report import plain
from domain.queue.job import CrashReason, Direction, Message, Status
from infra.secrets import scrub
from infra.sql.connection import Row
from infra.sql.drivers.texts import text_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

FIELDS = tuple(field.name for field in fields(Message))
COLUMNS = ", ".join(FIELDS)

_STATUSES = {status.value: status for status in Status}
_DIRECTIONS = {direction.value: direction for direction in Direction}

_INSTANTS = (
    *("status_since", "available_at", "created_at"),
    *("lease_until", "first_rescue_at", "finished_at"),
)

ERROR_LENGTH = 60_000
"""Kept of an error; a traceback's end says more than its beginning, so the middle goes."""


def instant_of(microseconds: int) -> datetime:
    """Read an instant; of one that no calendar has, as a foreign hand may write it, the nearest."""
    try:
        return min(max(_EPOCH + timedelta(microseconds=microseconds), _FIRST), _LAST)
    except OverflowError:
        return _LAST if microseconds > 0 else _FIRST


def microseconds_of(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def message_of(row: Row | Sequence[Any]) -> Message:
    """Read a row that has ``COLUMNS`` first, and a status that is known."""
    # By place where the driver has places: by name each value would be searched for.
    values = {name: row[name] for name in FIELDS} if isinstance(row, dict) else _named(row)
    for name in _INSTANTS:
        if values[name] is not None:
            values[name] = instant_of(values[name])
    if isinstance(values["payload"], bytes):  # SQLite keeps what it is given
        values["payload"] = text_of(values["payload"])
    values["status"] = _STATUSES[values["status"]]
    values["direction"] = _DIRECTIONS[values["direction"]]
    if values["crash_reason"] is not None:
        values["crash_reason"] = CrashReason(values["crash_reason"])
    return Message(**values)


def _named(row: Row | Sequence[Any]) -> dict[str, Any]:
    return dict(zip(FIELDS, row, strict=False))


def values_of(message: Message) -> dict[str, Any]:
    """Write a message as its row has it."""
    values = {name: getattr(message, name) for name in FIELDS}
    return {
        name: microseconds_of(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def error_values(error: str) -> dict[str, str]:
    """Give an error as it is kept, without secrets, and what it is found by among others."""
    kept = shortened(scrub(error))
    return {"error": kept, "fingerprint": fingerprint(kept)}


def fingerprint(error: str) -> str:
    """Give 16 hexadecimal digits that are the same for the same fault of other messages."""
    kind = plain(error.strip().partition("\n")[0])
    return hashlib.sha256(kind.encode()).hexdigest()[:16]


def shortened(text: str, length: int = ERROR_LENGTH) -> str:
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]}\n[…]\n{text[-half:]}"


def ids_of(rows: Sequence[Row]) -> list[int]:
    return [int(row["id"]) for row in rows]
