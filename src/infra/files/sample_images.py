"""The sample shop's list of article images, put into the inbox with the images that it names."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

LANDED_SECONDS = 3600.0
"""The sample files look as if they had come in an hour ago: settled, and not stale."""

_LIST = "images_sample.csv"


class SampleImages:
    """Copies what is missing; a list that was queued, or set aside, does not come again."""

    def __init__(self, sample: Path, inbox: Path, source: Path, media: Path) -> None:
        self._sample, self._inbox, self._source, self._media = sample, inbox, source, media

    def load(self) -> int:
        """Give how many image files the sample has."""
        for folder in (self._inbox, self._source, self._media):
            folder.mkdir(parents=True, exist_ok=True)
        images = sorted((self._sample / "images").iterdir())
        for image in images:
            put(image, self._source)
        if not list(self._inbox.glob(f"*/*{_LIST}")):
            put(self._sample / _LIST, self._inbox)
        return len(images)


def put(file: Path, folder: Path) -> None:
    """Copy a file into a folder unless one of its name is there."""
    target = folder / file.name
    if target.exists():
        return
    part = folder / f"{file.name}.part"
    shutil.copyfile(file, part)
    landed = time.time() - LANDED_SECONDS
    os.utime(part, (landed, landed))
    part.rename(target)
