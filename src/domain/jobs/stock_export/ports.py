"""What an export reads, where its files are kept, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from domain.jobs.stock_export.setting import ExportSetting
from domain.operating.ports import ActiveRun


class ExportSettings(Protocol):
    """Exports by their number. Raises StoreUnavailable."""

    def names(self, *, active: bool) -> Mapping[int, str]: ...
    def every(self) -> Sequence[ExportSetting]: ...


@dataclass(frozen=True, kw_only=True)
class Offered:
    """One article as it is offered: pieces that may be told, and its price."""

    article: int
    ean: str
    maker: str
    maker_no: str
    quantity: int
    price_cents: int


class StockTable(Protocol):
    """The shop's stock at the export's prices, by article; what has no price is not in it."""

    def lines(self, setting: ExportSetting) -> AbstractContextManager[Iterable[bytes]]:
        """Give the rows of the file as UTF-8 text, each line ending in one LF, in blocks."""
        ...

    def offers(self, setting: ExportSetting) -> AbstractContextManager[Iterator[Offered]]: ...


# --- files -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class GoodFile:
    """A file that may be delivered; ``path`` is below the folder of exports."""

    name: str
    path: str
    digest: str
    rows: int
    size_bytes: int


class NewFile(Protocol):
    """A file that is written but not kept yet; it is gone at the end unless it is kept."""

    @property
    def facts(self) -> GoodFile: ...
    @property
    def replaced(self) -> int:
        """Characters that the encoding lacks, written as the replacement."""
        ...

    def keep(self) -> None:
        """Give it its name, so that it outlives a power cut."""
        ...


class ExportFiles(Protocol):
    """The folder of generated files, several of each export."""

    def write(
        self, setting: ExportSetting, lines: Iterable[bytes], *, on_disk: bool
    ) -> AbstractContextManager[NewFile]:
        """Write a file in the export's form; without ``on_disk`` it is only measured.

        Raises Refused for a character that has no replacement, DiskFull.
        """
        ...

    def open(self, file: GoodFile) -> AbstractContextManager[BinaryIO]:
        """Open a kept file. Raises Refused where it is gone or not what was kept."""
        ...

    def tidy(self, export_id: int, wanted: Sequence[str]) -> None:
        """Delete the export's files but for the paths wanted."""
        ...


# --- the book ----------------------------------------------------------------------------------


class Status(StrEnum):
    """What became of one export in one run, as its row says."""

    GENERATED = "generated"
    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class LastGood:
    """The newest good file, and the row that it is known by."""

    row: int
    file: GoodFile
    generated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the book of exports."""

    export_id: int
    status: Status
    at: datetime
    file: GoodFile | None = None
    forced: bool = False
    error: str = ""


class ExportBook(Protocol):
    """What was generated and delivered. Raises StoreUnavailable, and LockLost where it writes."""

    def last_good(self, export_id: int) -> LastGood | None: ...
    def last_delivered(self, export_id: int) -> str | None:
        """Give the digest of what the partner was sent last."""
        ...

    def enter(self, entry: Entry, run: ActiveRun) -> int:
        """Write a row; gives its number."""
        ...

    def settle(self, row: int, status: Status, at: datetime, error: str, run: ActiveRun) -> None:
        """Write how the delivery of a good file went."""
        ...

    def paths(self, export_id: int, newest: int) -> Sequence[str]:
        """Give the paths of the newest good files."""
        ...
