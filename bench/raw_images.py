"""The least that CR-001 and images.update could do, by hand; run as a child.

``lists FILE DATABASE`` queues a list on SQLite; ``pictures SOURCE TARGET`` makes three sizes.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sqlite3
import sys
from itertools import islice
from pathlib import Path

BATCH = 100
SIZES = ((240, "WEBP", 80, {"method": 4}), (800, "WEBP", 82, {"method": 4}))
LARGEST = (1600, "JPEG", 85, {"optimize": True, "progressive": True})


def lists(file: Path, database: str) -> None:
    """One transaction, one fsync for the commit and one for the file's new name."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN IMMEDIATE")
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter=";")
        next(rows)
        number = 0
        while some := list(islice(rows, BATCH)):
            number += 1
            images = [{"article": a, "image": i, "position": int(p)} for a, i, p in some]
            connection.execute(
                "INSERT INTO queue (queue, type, payload, dedupe_key) VALUES (?, ?, ?, ?)",
                ("general", "images.update", json.dumps({"images": images}), f"{digest}:{number}"),
            )
    connection.execute("COMMIT")
    file.rename(file.with_suffix(".done"))
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def pictures(source: Path, target: Path) -> None:
    """Bare Pillow: the same sizes and qualities, no names, no checks, nothing made durable."""
    from PIL import Image

    for file in sorted(source.iterdir()):
        with Image.open(file) as image:
            image.draft(None, (2 * LARGEST[0], 2 * LARGEST[0]))
            base = image.convert("RGB")
        for side, kind, quality, more in (*SIZES, LARGEST):
            made = base.copy()
            made.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            made.save(target / f"{file.stem}-{side}", kind, quality=quality, **more)


if __name__ == "__main__":
    if sys.argv[1] == "lists":
        lists(Path(sys.argv[2]), sys.argv[3])
    else:
        pictures(Path(sys.argv[2]), Path(sys.argv[3]))
