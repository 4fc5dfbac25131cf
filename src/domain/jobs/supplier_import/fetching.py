"""What a supplier's partner offers, brought into the supplier's own folder before the import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from domain.jobs.supplier_import.setting import ImportSetting, Mode
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock
from domain.transfers.failures import PartnerRefused, TransferBroken
from domain.transfers.mending import over_drops
from domain.transfers.ports import Folder, Partners, RemoteFile

Fetch = Callable[[ImportSetting, ActiveRun], None]


def nothing_to_fetch(_setting: ImportSetting, _run: ActiveRun) -> None:
    """Leave it to others to fill the folder."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that was fetched, as its partner's listing told it then."""

    name: str
    size_bytes: int
    modified: datetime | None
    digest: str


class FetchBook(Protocol):
    """What was fetched for whom. Raises StoreUnavailable."""

    def fetched(self, supplier_id: int) -> Mapping[str, Fetched]:
        """Give the newest file of each name."""
        ...

    def note(self, supplier_id: int, fetched: Fetched, run: ActiveRun) -> None:
        """Keep it in place of the name's former one. Commits only while the run's lease holds."""
        ...


class Arrival(Protocol):
    """A file on its way into the supplier's folder, under a name that no import looks at."""

    @property
    def size_bytes(self) -> int: ...
    def continued(self) -> AbstractContextManager[BinaryIO]:
        """Open it behind what has come so far."""
        ...

    @property
    def digest(self) -> str: ...
    def settle(self, modified: datetime) -> None:
        """Give it its own name and the time of its content, so that a power cut keeps both."""
        ...

    def drop(self) -> None: ...


class Arrivals(Protocol):
    """The suppliers' folders. Raises FeedRefused and DiskFull."""

    def takes(self, setting: ImportSetting, name: str) -> bool:
        """Tell whether an import would look at a file of this name."""
        ...

    def waits(self, setting: ImportSetting, name: str) -> bool:
        """Tell whether a file of this name waits for an import."""
        ...

    def begin(self, setting: ImportSetting, name: str) -> Arrival:
        """Begin a new file; what another run left half is cleared."""
        ...


class Fetching:
    """Fetches what is new at a partner and has come to rest there; each file once."""

    def __init__(
        self, partners: Partners, arrivals: Arrivals, book: FetchBook, clock: Clock
    ) -> None:
        self._partners, self._arrivals, self._book = partners, arrivals, book
        self._clock = clock

    def __call__(self, setting: ImportSetting, run: ActiveRun) -> None:
        """Fetch; a setting without a partner has nothing to fetch. Raises TransferBroken."""
        if setting.partner:
            round_ = _Round(self._partners, self._arrivals, self._book, self._clock, setting, run)
            over_drops(self._partners, setting.partner, run, round_.go_on)


class _Round:
    """One supplier's files of one run, over as many connections as it takes."""

    def __init__(
        self,
        partners: Partners,
        arrivals: Arrivals,
        book: FetchBook,
        clock: Clock,
        setting: ImportSetting,
        run: ActiveRun,
    ) -> None:
        self._partners, self._arrivals, self._book, self._clock = partners, arrivals, book, clock
        self._setting, self._run = setting, run
        self._left: list[RemoteFile] | None = None
        self._arriving: Arrival | None = None

    def go_on(self, folder: Folder) -> None:
        """Do what is left; called anew after each drop."""
        if self._left is None:
            self._left = list(self._wanted(folder))
        while self._left:
            self._run.checkpoint("fetch")
            self._take(folder, self._left[0])
            self._left.pop(0)
            self._arriving = None

    # --- which -----------------------------------------------------------------------------------

    def _wanted(self, folder: Folder) -> Iterator[RemoteFile]:
        known = self._book.fetched(self._setting.supplier_id)
        for file in self._offered(folder):
            if _is_known(file, known.get(file.name), self._setting.mode):
                if self._setting.remove_fetched and not self._run.dry_run:
                    self._remove(folder, file)
            elif self._is_free(file):
                yield file

    def _offered(self, folder: Folder) -> Sequence[RemoteFile]:
        """Oldest first; of full lists the newest alone, by its name where no time is told."""
        offered = [it for it in folder.files() if self._arrivals.takes(self._setting, it.name)]
        rested = sorted(filter(self._is_settled, offered), key=_age)
        return rested[-1:] if self._setting.mode is Mode.FULL else rested

    def _is_settled(self, file: RemoteFile) -> bool:
        if file.modified is None:
            return True  # a second look at its size tells
        return abs(self._clock.now() - file.modified) >= self._setting.guards.settle

    def _is_free(self, file: RemoteFile) -> bool:
        """A change that waits to be imported is not replaced by the next of its name."""
        return self._setting.mode is Mode.FULL or not self._arrivals.waits(self._setting, file.name)

    # --- fetching --------------------------------------------------------------------------------

    def _take(self, folder: Folder, file: RemoteFile) -> None:
        if self._run.dry_run:
            self._say(f"would fetch {file.name} from {self._setting.partner}")
            return
        if self._arriving is None:
            self._arriving = self._arrivals.begin(self._setting, file.name)
        arriving = self._arriving
        begun = arriving.size_bytes
        if not begun or begun != file.size_bytes:  # else the line was cut behind the last byte
            with arriving.continued() as into:
                folder.get(file.name, into, offset=begun)
        if self._is_whole(folder, file, arriving) and self._is_one(folder, file, arriving, begun):
            self._keep(file, arriving)
            if self._setting.remove_fetched:
                self._remove(folder, file)

    def _is_whole(self, folder: Folder, file: RemoteFile, arriving: Arrival) -> bool:
        """Look at its size again: one that grows is left for the next run."""
        now = folder.size(file.name)
        if now is not None and now > (before := file.size_bytes or arriving.size_bytes):
            arriving.drop()
            self._say(f"{file.name} grew from {before:,} bytes while it was fetched")
            return False
        if now not in (None, arriving.size_bytes):
            came, self._arriving = arriving.size_bytes, None
            arriving.drop()
            raise TransferBroken(f"{file.name}: {came:,} of {now:,} bytes came")
        return True

    def _is_one(self, folder: Folder, file: RemoteFile, arriving: Arrival, begun: int) -> bool:
        """Look at its time again: of two files, one's head and the other's tail may be as long.

        Changes have names of their own; of them only a file that was continued is looked at, and
        one that is about to be removed: it may not be the one that came.
        """
        full = self._setting.mode is Mode.FULL
        if file.modified is None or not (begun or full or self._setting.remove_fetched):
            return True
        if all(it.modified == file.modified for it in folder.files() if it.name == file.name):
            return True
        arriving.drop()
        self._say(f"{file.name} was replaced while it was fetched")
        return False

    def _keep(self, file: RemoteFile, arriving: Arrival) -> None:
        """Put it where the import looks, unless it is what came under this name before."""
        digest, size = arriving.digest, arriving.size_bytes
        known = self._book.fetched(self._setting.supplier_id).get(file.name)
        if file.modified is None and known is not None and known.digest == digest:
            arriving.drop()
            return
        # Without a time it is known to have been at rest just before it was fetched.
        arriving.settle(file.modified or self._clock.now() - self._setting.guards.settle)
        self._run.checkpoint("arrived")
        fetched = Fetched(name=file.name, size_bytes=size, modified=file.modified, digest=digest)
        self._book.note(self._setting.supplier_id, fetched, self._run)
        self._run.checkpoint("fetched")
        self._say(f"{file.name} fetched from {self._setting.partner}")

    def _remove(self, folder: Folder, file: RemoteFile) -> None:
        """A file that cannot be removed is known all the same, and tried again by the next run."""
        try:
            folder.remove(file.name)
        except (PartnerRefused, TransferBroken) as error:
            self._run.warn(Event.FEED_NOT_REMOVED, str(error), file=file.name)

    def _say(self, message: str) -> None:
        self._run.log(Event.FEED_FETCHED, message, supplier=self._setting.supplier_id)


def _is_known(file: RemoteFile, known: Fetched | None, mode: Mode) -> bool:
    """Without a time a full list may be a new one of the same size; a change has its own name."""
    if known is None or known.size_bytes != file.size_bytes:
        return False
    return known.modified == file.modified and (file.modified is not None or mode is Mode.DELTA)


def _age(file: RemoteFile) -> tuple[datetime, str]:
    return file.modified or datetime.min.replace(tzinfo=UTC), file.name
