"""The media folder: files appear whole, and the same path never holds anything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.images.ports import FolderAway


class MediaFolder:
    """The Media port."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._touched: set[Path] = set()

    def has(self, path: str) -> bool:
        return (self._root / path).is_file()

    def put(self, path: str, content: bytes, owner: str) -> None:
        target = self._root / path
        with _told(path):
            self._check_root()
            target.parent.mkdir(parents=True, exist_ok=True)
            # The same name at every attempt: what a killed one left is written over.
            part = target.with_name(f".{target.name}.{owner.replace(':', '-')}.part")
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
            self._touched |= {target.parent, target.parent.parent, self._root}

    def sync(self) -> None:
        with _told("the folder"):
            for folder in sorted(self._touched):
                _sync(folder)
        self._touched.clear()

    def remove(self, path: str) -> None:
        with _told(path):
            (self._root / path).unlink(missing_ok=True)

    def _check_root(self) -> None:
        """A share that is not mounted must not be written into its mount point's folder."""
        if not self._root.is_dir():
            raise FolderAway(f"{self._root} is no folder: create it or correct images.media")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderAway(f"images.media: {path}: {error.strerror}") from error
