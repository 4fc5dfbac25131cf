"""Times as people type them: spans (14d, 2h) and instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
SPAN = re.compile(r"(\d{1,5})([mhdw])")


def span(option: str, text: str) -> timedelta:
    """Read 90m, 36h, 14d or 2w, above zero."""
    found = SPAN.fullmatch(text.strip())
    read = int(found[1]) * _UNITS[found[2]] if found else timedelta(0)
    if not read:
        raise typer.BadParameter(f"{option} {text} is no span: write 90m, 36h, 14d or 2w")
    return read


def instant(text: str) -> datetime:
    """Read an instant; UTC where it names no zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text} is no instant: write it as 2026-11-21T03:00:00Z"
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
