"""Files fetched into the suppliers' folders: hidden until they are whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from domain.jobs.supplier_import.setting import ImportSetting
from infra.files.feeds import is_delivered
from infra.files.held import short_name, sync_folder, translated

_FETCHING = ".fetching"


class FolderArrivals:
    """The Arrivals port below the import folder; a supplier's folder is made at its first file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def takes(self, setting: ImportSetting, name: str) -> bool:
        return is_delivered(name, setting.pattern)

    def waits(self, setting: ImportSetting, name: str) -> bool:
        return os.path.lexists(self._root / setting.source / name)

    def begin(self, setting: ImportSetting, name: str) -> FileArrival:
        folder = self._root / setting.source
        with translated(name):
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f".*{_FETCHING}"):
                left.unlink()
        return FileArrival(folder, name)


class FileArrival:
    """The Arrival port."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._part = folder / f".{short_name(name)}{_FETCHING}"

    @property
    def size_bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    @contextmanager
    def continued(self) -> Iterator[BinaryIO]:
        with translated(self._name), self._part.open("ab") as file:
            yield file

    @property
    def digest(self) -> str:
        with translated(self._name), self._part.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def settle(self, modified: datetime) -> None:
        with translated(self._name):
            os.utime(self._part, (modified.timestamp(), modified.timestamp()))
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
            self._part.rename(self._folder / self._name)
            sync_folder(self._folder)

    def drop(self) -> None:
        self._part.unlink(missing_ok=True)
