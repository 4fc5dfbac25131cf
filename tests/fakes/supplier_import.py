"""Feeds, stock book, settings and run in memory, for the supplier import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.errors import DiskFull, StopRequested, StoreUnavailable
from domain.jobs.supplier_import.failures import FeedChanged
from domain.jobs.supplier_import.lines import RawRow, Reject, StockLine
from domain.jobs.supplier_import.ports import (
    Entry,
    Feed,
    LastImport,
    OpenFeed,
    StagedStock,
    Status,
    Tally,
)
from domain.jobs.supplier_import.setting import Columns, ImportSetting, Layout
from domain.operating.ports import Busy, Lease

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TWO_LINES = Tally(lines=2, changed=1, unchanged=1, stocked=2)


def setting_of(supplier_id: int = 23, **changes: Any) -> ImportSetting:
    values: dict[str, Any] = {
        "supplier_id": supplier_id,
        "name": f"Reifen {supplier_id}",
        "source": f"supplier-{supplier_id}",
        "columns": Columns(article_no=1, quantity=(2,)),
        "layout": Layout(header_row=0),
    }
    return ImportSetting(**(values | changes))


def feed_of(name: str = "stock.csv", *, age: timedelta = timedelta(hours=1)) -> Feed:
    return Feed(path=f"/inbox/{name}", name=name, size_bytes=10, modified=NOON - age)


class FixedClock:
    """A clock that stands at noon until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeRun:
    """Notes what the job tells its run; ``stop_at`` names the checkpoint of a soft stop."""

    dry_run: bool = False
    stop_at: str = ""
    busy: Mapping[str, Busy] = field(default_factory=dict)
    unlockable: str = ""
    leases: Sequence[Lease] = ()
    run_id: str = "0199-run"
    actor: str = "updating"
    attempt: int = 1
    correlation_id: str = "0199-run"
    remaining: timedelta = timedelta(minutes=30)
    checkpoints: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    logged: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    at_checkpoint: Callable[[str], None] = lambda _: None

    def checkpoint(self, name: str) -> None:
        self.checkpoints.append(name)
        self.at_checkpoint(name)
        if name == self.stop_at:
            raise StopRequested(name)

    def progress(self, label: str, done: int, total: int | None) -> None: ...

    def stage(self, name: str) -> AbstractContextManager[None]:
        self.stages.append(name)
        return nullcontext()

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self.logged.append((event, message, fields))

    warn = log

    @contextmanager
    def lock(self, key: str) -> Iterator[Lease | Busy]:
        if key == self.unlockable:
            raise StoreUnavailable(f"lock file {key}: Permission denied")
        if key in self.busy:
            yield self.busy[key]
            return
        self.taken.append(key)
        yield Lease(key=key, fence=1, run_id=self.run_id)


@dataclass
class FakeSettings:
    """Settings by supplier; an error in place of one is raised when it is looked up."""

    settings: Mapping[int, ImportSetting | Exception]

    def names(self, *, active: bool) -> Mapping[int, str]:
        return {
            number: getattr(setting, "name", "?")
            for number, setting in self.settings.items()
            if getattr(setting, "active", True) is active
        }

    def find(self, supplier_id: int) -> ImportSetting | None:
        found = self.settings.get(supplier_id)
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class FakeOpenFeed:
    """An open feed whose digest is told and which may turn out replaced."""

    feed: Feed
    digest: str
    replaced: bool = False

    @property
    def path(self) -> Path:
        return Path(self.feed.path)

    def verify(self) -> None:
        if self.replaced:
            raise FeedChanged(f"{self.feed.name} was replaced")


@dataclass
class FakeFeeds:
    """Feeds per supplier, oldest first; ``digests`` by name, else the name is the digest."""

    inbox: dict[int, list[Feed]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Feed] = field(default_factory=dict)
    replaced: bool = False
    unmarkable: bool = False
    archive_full: bool = False
    archived_names: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)

    def waiting(self, setting: ImportSetting) -> Sequence[Feed]:
        return self.inbox.get(setting.supplier_id, [])

    def named(self, setting: ImportSetting, path: str) -> Feed:
        everything = [feed for feeds in self.inbox.values() for feed in feeds]
        return next(feed for feed in everything if feed.name == path)

    def archived(self, setting: ImportSetting, digest: str) -> Feed | None:
        return self.kept.get(digest)

    @contextmanager
    def open(self, feed: Feed) -> Iterator[OpenFeed]:
        yield FakeOpenFeed(feed, self.digests.get(feed.name, feed.name), self.replaced)

    def archive(self, setting: ImportSetting, done: OpenFeed) -> None:
        if self.archive_full:
            raise DiskFull("archive: no room left")
        self.archived_names.append(done.feed.name)

    def mark_failed(self, setting: ImportSetting, feed: Feed, message: str) -> None:
        if self.unmarkable:
            raise DiskFull("no room left")
        self.marks[feed.name] = message


class FakeStaged:
    """Takes the lines, then compares to what the test says."""

    def __init__(self, book: FakeBook) -> None:
        self._book = book
        self.items: list[StockLine | Reject] = []

    def take(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        self.items += items
        tick(len(self.items))

    def compare(self) -> Tally:
        return self._book.tally

    def book(self, entry: Entry) -> None:
        self._book.entries.append(entry)
        self._book.last_imports[entry.supplier_id] = LastImport(
            digest=entry.digest, received=entry.received or NOON
        )

    def reject(self, entry: Entry) -> None:
        self._book.entries.append(entry)


@dataclass
class FakeBook:
    """Remembers entries; every file it stages compares to ``tally``."""

    tally: Tally = TWO_LINES
    last_imports: dict[int, LastImport] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    stocked: int = 5

    def last(self, supplier_id: int) -> LastImport | None:
        return self.last_imports.get(supplier_id)

    @contextmanager
    def stage(self, setting: ImportSetting, run: Any) -> Iterator[StagedStock]:
        yield FakeStaged(self)

    def zero(self, entry: Entry, run: Any) -> int:
        if not run.dry_run:
            self.entries.append(entry)
        return self.stocked

    def note(self, entry: Entry, run: Any) -> None:
        self.entries.append(entry)

    @property
    def statuses(self) -> list[Status]:
        return [entry.status for entry in self.entries]


@dataclass
class FakeRows:
    """Rows of one file without a header."""

    rows: Sequence[list[str]]
    header: Sequence[str] | None = None

    def __iter__(self) -> Iterator[RawRow]:
        return iter(enumerate(self.rows, 1))
