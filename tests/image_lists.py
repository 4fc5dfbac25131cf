"""Lists of article images as partners send them, and a shop that receives them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from private_shop import Shop

ENQUEUE = "cron:images:enqueue-batches"
HEADER = "article;image;position;remove"
HOUR_SECONDS = 3600


def lines(count: int, *, first: int = 1) -> list[str]:
    return [f"A-{number};{number}.png;1;" for number in range(first, first + count)]


def write_list(folder: Path, name: str, *rows: str, header: str = HEADER) -> Path:
    """Put a list into a folder, dated an hour ago."""
    return write_bytes(folder, name, "".join(f"{row}\n" for row in (header, *rows)).encode())


def write_bytes(folder: Path, name: str, content: bytes, *, age: float = HOUR_SECONDS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content)
    then = time.time() - age
    os.utime(file, (then, then))
    return file


class ImageShop(Shop):
    """A private shop with an inbox for image lists."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        self.inbox = root / "var" / "images" / "inbox"
        self.inbox.mkdir(parents=True)

    def receives(self, name: str, *rows: str) -> Path:
        return write_list(self.inbox, name, *rows)

    def outcome(self, *words: str) -> tuple[int, str]:
        """Enqueue; gives the exit code and the outcome."""
        done = self.console(ENQUEUE, *words)
        return done.returncode, str(self.runs()[0]["outcome"])

    def queued(self) -> list[tuple[Any, ...]]:
        return self.query("SELECT type, payload, dedupe_key, status FROM queue ORDER BY id")

    def files(self) -> list[str]:
        """Every file of the inbox; the day in its name is left out."""
        found = (p.relative_to(self.inbox) for p in self.inbox.rglob("*") if p.is_file())
        return sorted(str(path.parent / path.name.partition("_")[2]) for path in found)

    def left(self) -> dict[str, Any]:
        """All that a run leaves, but for times and run ids."""
        taken = "SELECT sha256, name, status, images, rejected, batches FROM image_batch_file"
        return {
            "queue": self.queued(),
            "lists": self.query(f"{taken} ORDER BY sha256"),
            "files": self.files(),
        }
