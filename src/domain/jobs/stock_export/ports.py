"""What an export reads, where its files are kept, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, Protocol

from domain.jobs.stock_export.offers import Offered, Sent, Wording
from domain.jobs.stock_export.setting import ExportSetting, Marketplace
from domain.operating.ports import ActiveRun
from domain.platforms.patience import Patience


class ExportSettings(Protocol):
    """Exports by their number. Raises StoreUnavailable."""

    def names(self, *, active: bool) -> Mapping[int, str]: ...
    def every(self) -> Sequence[ExportSetting]: ...


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
class Told:
    """What a marketplace was told in one run, of how many articles, and what is left to tell."""

    articles: int
    sent: int
    remaining: int
    place: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the book of exports."""

    export_id: int
    status: Status
    at: datetime
    file: GoodFile | None = None
    forced: bool = False
    error: str = ""
    told: Told | None = None


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


# --- marketplaces ------------------------------------------------------------------------------


class Market(Protocol):
    """One marketplace's API, logged in when it is first asked.

    Raises TransferBroken where it may pass by itself, PartnerRefused and LoginRefused where not.
    """

    @property
    def wording(self) -> Wording: ...
    @property
    def most_articles(self) -> int:
        """How many one call takes."""
        ...

    def room(self, budget: timedelta) -> int:
        """Give how many articles can be sent in so long."""
        ...

    def send(self, articles: Sequence[str]) -> Mapping[int, str]:
        """Send articles; empty where all were accepted, else why by place, and none was."""
        ...

    def close(self) -> None: ...


class Markets(Protocol):
    """The adapters by name."""

    def verify(self, place: Marketplace) -> None:
        """Check login and secrets before anything is read. Raises ConfigurationInvalid."""
        ...

    def open(self, place: Marketplace, patience: Patience, run: ActiveRun) -> Market: ...


class SentBook(Protocol):
    """What each marketplace was last told. Raises StoreUnavailable, LockLost."""

    def sent(self, export_id: int) -> AbstractContextManager[Iterator[Sent]]:
        """Give it by article."""
        ...

    def place(self, export_id: int) -> int:
        """Give the article after which the next run goes on."""
        ...

    def note(self, export_id: int, batch: Sequence[Sent], at: datetime, run: ActiveRun) -> None:
        """Keep what was told, in one transaction."""
        ...

    def enter(self, entry: Entry, run: ActiveRun) -> int: ...
