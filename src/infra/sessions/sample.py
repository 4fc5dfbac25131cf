"""The sample shop's visitors: their session files, most of them expired."""

from __future__ import annotations

import os
import time
from pathlib import Path

_AGES_SECONDS = (60, 300, 900, *(3_600 * hours for hours in range(1, 10)))


def sample_sessions(folder: Path) -> int:
    """Write what is missing; gives how many sessions the sample has."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, age in enumerate(_AGES_SECONDS):
        file = folder / f"sess_{f'sample{number}':0>26}"
        if not file.exists():
            file.write_text("cart|a:0:{}", "utf-8")
            last_used = time.time() - age
            os.utime(file, (last_used, last_used))
    return len(_AGES_SECONDS)
