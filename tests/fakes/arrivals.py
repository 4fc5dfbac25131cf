"""Suppliers' folders and the book of what was fetched, in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from fnmatch import fnmatchcase
from typing import BinaryIO

from domain.jobs.supplier_import.fetching import Fetched
from domain.jobs.supplier_import.setting import ImportSetting
from domain.operating.ports import ActiveRun


class MemoryArrivals:
    """The Arrivals port; ``files`` are those that an import would find."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, datetime]] = {}

    def takes(self, setting: ImportSetting, name: str) -> bool:
        return fnmatchcase(name, setting.pattern)

    def waits(self, setting: ImportSetting, name: str) -> bool:
        return name in self.files

    def begin(self, setting: ImportSetting, name: str) -> MemoryArrival:
        return MemoryArrival(self, name)


class MemoryArrival:
    """The Arrival port."""

    def __init__(self, arrivals: MemoryArrivals, name: str) -> None:
        self._arrivals, self._name, self._content = arrivals, name, b""

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    @contextmanager
    def continued(self) -> Iterator[BinaryIO]:
        into = io.BytesIO(self._content)
        into.seek(0, io.SEEK_END)
        try:
            yield into
        finally:
            self._content = into.getvalue()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    def settle(self, modified: datetime) -> None:
        self._arrivals.files[self._name] = self._content, modified

    def drop(self) -> None:
        self._content = b""


class MemoryFetchBook:
    """The FetchBook port for one supplier."""

    def __init__(self) -> None:
        self.rows: dict[str, Fetched] = {}

    def fetched(self, supplier_id: int) -> Mapping[str, Fetched]:
        return dict(self.rows)

    def note(self, supplier_id: int, fetched: Fetched, run: ActiveRun) -> None:
        self.rows[fetched.name] = fetched
