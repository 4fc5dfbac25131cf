"""Instants as the tables keep them: ISO 8601 text in UTC, which sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """Write an aware instant as ``2026-11-21T03:00:00.000000Z``."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read what ``to_text`` wrote."""
    return datetime.fromisoformat(text)


def optional_text(instant: datetime | None) -> str | None:
    return to_text(instant) if instant else None


def optional_instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None
