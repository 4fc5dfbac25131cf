"""A folder of session files of which every second one has expired.

Run: python -m bench.session_files FOLDER FILES
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

CONTENT = b'cart|a:1:{i:0;s:2:"42";}' * 10
AGE_SECONDS = 7_200


def fill(folder: Path, files: int) -> None:
    """Make what is missing, in no order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    old = time.time() - AGE_SECONDS
    place = os.open(folder, os.O_RDONLY)
    for number in range(files):
        name = f"sess_{number * 7_919 % files:026d}"
        file = os.open(name, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=place)
        os.write(file, CONTENT)
        os.close(file)
        if number % 2:
            os.utime(name, (old, old), dir_fd=place)
    os.close(place)
    os.sync()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
