"""What handlers leave in a file: when each message was sent, and when its handler began."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from pathlib import Path

from bench.timing import WrongAnswer

_BYTES = 16
_STALL_SECONDS = 30


def marks(file: Path, count: int) -> Sequence[tuple[float, float]]:
    """Wait until so many are there. Raises WrongAnswer where no more come."""
    seen, since = -1, time.monotonic()
    while (found := _count(file)) < count:
        if found != seen:
            seen, since = found, time.monotonic()
        if time.monotonic() - since > _STALL_SECONDS:
            raise WrongAnswer(f"{found} of {count} messages were handled")
        time.sleep(0.02)
    return list(struct.iter_unpack("dd", file.read_bytes()))


def _count(file: Path) -> int:
    return file.stat().st_size // _BYTES if file.exists() else 0
