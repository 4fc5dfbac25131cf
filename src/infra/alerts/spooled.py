"""Where the spool is, for the one look that every run takes at it."""

from __future__ import annotations

from pathlib import Path

FILE = "untold.json"


def is_spooled(directory: Path) -> bool:
    """Tell whether owners were told of something that the ledger does not know yet."""
    try:
        return (directory / FILE).stat().st_size > 0  # never removed: others wait for its lock
    except OSError:
        return False
