"""What the supplier import needs from the outside: settings, feeds and the stock book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from domain.jobs.supplier_import.lines import RawRow, Reject, StockLine
from domain.jobs.supplier_import.setting import ImportSetting, Layout
from domain.operating.ports import ActiveRun


class ImportSettings(Protocol):
    """The import settings of all suppliers."""

    def names(self, *, active: bool) -> Mapping[int, str]: ...
    def find(self, supplier_id: int) -> ImportSetting | None:
        """The setting, active or not; ConfigurationInvalid where its document cannot be read."""
        ...


# --- feeds -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One file of a supplier as it was found; sizes in bytes, ``modified`` an aware instant."""

    path: str
    name: str
    size_bytes: int
    modified: datetime


class OpenFeed(Protocol):
    """A feed held open, so that a replacement is noticed."""

    @property
    def feed(self) -> Feed: ...
    @property
    def path(self) -> Path:
        """Where a reader finds the content."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal, read at the first use."""
        ...

    def verify(self) -> None:
        """FeedChanged unless the file still is what was opened."""
        ...


class Feeds(Protocol):
    """Where suppliers' files arrive and are kept after the import.

    A directory today; one that fetches by SFTP, FTP or HTTP opens a feed on its local copy.
    """

    def waiting(self, setting: ImportSetting) -> Sequence[Feed]:
        """The supplier's files that match its pattern, oldest first."""
        ...

    def named(self, setting: ImportSetting, path: str) -> Feed: ...
    def archived(self, setting: ImportSetting, digest: str) -> Feed | None: ...
    def open(self, feed: Feed) -> AbstractContextManager[OpenFeed]: ...
    def archive(self, setting: ImportSetting, done: OpenFeed) -> None:
        """Put the file away, and before it the older ones waiting that a full list supersedes.

        One named from elsewhere is copied. Takes the failure marks off.
        """
        ...

    def mark_failed(self, setting: ImportSetting, feed: Feed, message: str) -> None:
        """Leave a note beside the file that says why it was not imported."""
        ...


class Rows(Protocol):
    """The rows of one file, read as they are asked for."""

    @property
    def header(self) -> Sequence[str] | None: ...
    def __iter__(self) -> Iterator[RawRow]: ...


OpenRows = Callable[[Path, Layout], AbstractContextManager[Rows]]


# --- the stock book --------------------------------------------------------------------------


class Status(StrEnum):
    """How one import of one supplier ended, as its row says."""

    BOOKED = "booked"
    UNCHANGED = "unchanged"
    ZEROED = "zeroed"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class LastImport:
    """What the book knows of a supplier.

    ``digest`` is of the content that stock shows now, None after it was set to 0;
    ``received`` is the time of the file it came from, or of a newer one found unchanged.
    """

    digest: str | None
    received: datetime


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one file does to one supplier's stock.

    ``lines`` were accepted, ``rejected`` not; the rest counts articles per DOT. ``stocked`` had
    stock before; ``emptied`` are those of them that would have none.
    """

    lines: int = 0
    rejected: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    review: int = 0
    stocked: int = 0
    emptied: int = 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the book of imports."""

    supplier_id: int
    status: Status
    started_at: datetime
    finished_at: datetime
    feed: Feed | None = None
    digest: str | None = None
    tally: Tally = Tally()
    forced: bool = False
    message: str = ""

    @property
    def received(self) -> datetime | None:
        """When the file came; one dated in the future had come when the import began."""
        return min(self.feed.modified, self.started_at) if self.feed else None


class StagedStock(Protocol):
    """One file's lines beside the stock, invisible to everyone else until they are booked."""

    def take(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        """Store the lines in batches; ``tick`` hears after each how many were taken."""
        ...

    def compare(self) -> Tally:
        """Settle duplicates, compare with the stock and match new articles; changes nothing."""
        ...

    def book(self, entry: Entry) -> None:
        """Write what differs, its history and the entry in one transaction; twice is harmless."""
        ...

    def reject(self, entry: Entry) -> None:
        """Write only the entry and the lines rejected."""
        ...


class StockBook(Protocol):
    """Where imported stock is kept, with a row for every import."""

    def last(self, supplier_id: int) -> LastImport | None: ...
    def stage(
        self, setting: ImportSetting, run: ActiveRun
    ) -> AbstractContextManager[StagedStock]: ...
    def zero(self, entry: Entry, run: ActiveRun) -> int:
        """Set all stock of the supplier to 0; the number of articles that had some."""
        ...

    def note(self, entry: Entry, run: ActiveRun) -> None:
        """Write an entry that changes no stock."""
        ...
