"""Lists of article images as partners send them, and a shop that receives them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from private_shop import CHECKOUT, Shop
from servers.access import Access

ENQUEUE = "cron:images:enqueue-batches"
PROCESS = "cron:queue:process"
FAULTY_IMAGES = CHECKOUT / "tests" / "image_console.py"
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
        folder = root / "var" / "images"
        self.inbox, self.source, self.media = (folder / n for n in ("inbox", "source", "media"))
        for own in (self.inbox, self.source, self.media):
            own.mkdir(parents=True)

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

    # --- the images themselves -------------------------------------------------------------------

    def offers(self, **images: bytes) -> None:
        """Put image files into the source folder, by name without its ending."""
        for name, content in images.items():
            write_bytes(self.source, f"{name}.jpg", content)

    def process(self, *words: str, fault: str = "") -> subprocess.CompletedProcess[str]:
        """Work the queue off until nothing is due; with a fault as ``image_console`` has it."""
        words = (PROCESS, "--stop-when-empty", *words)
        if not fault:
            return self.console(*words)
        process = self._popen([sys.executable, "-I", str(FAULTY_IMAGES), fault, *words], {})
        stdout, stderr = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def pass_time(self) -> None:
        """Make every message due that waits for its next try."""
        with Access(self.url) as access:
            access.execute("UPDATE queue SET available_at = created_at WHERE status = 'NEW'")

    def rows(self) -> list[tuple[Any, ...]]:
        """What became of each image, but for times."""
        return self.query(
            "SELECT article, image, position, status, reason, source_sha256, width, height,"
            " renditions, message_id FROM article_image ORDER BY article, image"
        )

    def shown(self) -> dict[str, str]:
        """Every file of the media folder, half-written ones too, with its digest."""
        return {
            str(path.relative_to(self.media)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.media.rglob("*")
            if path.is_file()
        }

    def left(self) -> dict[str, Any]:
        """All that a run leaves, but for times and run ids."""
        taken = "SELECT sha256, name, status, images, rejected, batches FROM image_batch_file"
        return {
            "queue": self.queued(),
            "lists": self.query(f"{taken} ORDER BY sha256"),
            "files": self.files(),
        }
