"""Session files as PHP leaves them."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

SETTINGS = """store = "{store}"
basis = "mtime"
gc_maxlifetime_seconds = 1440
max_age_seconds = 1440
"""

EXPIRED, ALIVE = timedelta(hours=2), timedelta(minutes=5)


def session_id(number: int) -> str:
    """Give 26 signs, as PHP does by default."""
    return f"{number:026d}"


def session(folder: Path, number: int, age: timedelta = EXPIRED) -> Path:
    """Leave a session that was last used so long ago."""
    return aged(folder / f"sess_{session_id(number)}", age)


def aged(file: Path, age: timedelta) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text('cart|a:1:{i:0;s:2:"42";}', "utf-8")
    then = time.time() - age.total_seconds()
    os.utime(file, (then, then))
    return file


def names(folder: Path) -> list[str]:
    """Give every name below, links unfollowed."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
