"""Where vehicles come from, where snapshots are kept, and who is told of the differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.errors import Refused
from domain.jobs.vehicle_sync.stages import Snapshot, Stage
from domain.operating.ports import ActiveRun
from domain.vehicles.reading import Record
from domain.vehicles.vehicle import Fitment, Vehicle


class SourceRefused(Refused):
    """The source cannot be read as it is; the message says what to change."""


# --- where vehicles come from --------------------------------------------------------------------


class Source(Protocol):
    """One source, opened; it may raise SourceRefused and what transfers fail of."""

    @property
    def identity(self) -> str:
        """At most 64 characters that differ where another file or another place is read."""
        ...

    def makes(self) -> Sequence[str]: ...
    def records(self, make: str) -> Iterable[Record]:
        """Give all of a make; a record's ``fitments`` are its own records."""
        ...


class Sources(Protocol):
    """The source that the settings name."""

    def opened(self, run: ActiveRun) -> AbstractContextManager[Source]: ...


# --- what a snapshot holds -----------------------------------------------------------------------


class Reject(NamedTuple):
    """A record that was put aside; without a fitment's id the whole vehicle is in doubt."""

    vehicle_id: str | None
    fitment_id: str | None
    reason: str
    raw: str


@dataclass
class MakeRead:
    """All that a source has of one make."""

    make: str
    vehicles: list[Vehicle] = field(default_factory=list)
    fitments: list[Fitment] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    repeated: int = 0


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What the makes that are read so far add up to."""

    makes: frozenset[str] = frozenset()
    vehicles: int = 0
    fitments: int = 0
    rejected: int = 0
    repeated: int = 0


class Kind(StrEnum):
    """Of what a difference is."""

    VEHICLE = "vehicle"
    FITMENT = "fitment"


class How(StrEnum):
    """What an update does; ``replaced`` is the former id of what is renumbered."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    RENUMBERED = "renumbered"
    REPLACED = "replaced"


TOLD = (How.NEW, How.CHANGED, How.GONE, How.RENUMBERED)


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How a snapshot differs from what is live; ``live`` are rows that came from the source."""

    counts: Mapping[tuple[Kind, How], int]
    live: Mapping[Kind, int]

    def of(self, how: How, kind: Kind = Kind.VEHICLE) -> int:
        return self.counts.get((kind, how), 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def gone_percent(self, kind: Kind) -> float:
        live = self.live.get(kind, 0)
        return 100 * self.of(How.GONE, kind) / live if live else 0.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One difference, with the values of both sides where there are two."""

    kind: Kind
    how: How
    item_id: str
    former_id: str | None
    before: Mapping[str, object]
    after: Mapping[str, object]


class Hand(StrEnum):
    """What the ledger knows of a snapshot's mail."""

    NONE = "none"
    SENDING = "sending"
    SENT = "sent"


class Snapshots(Protocol):
    """Snapshots and live tables; writes check the run's leases. Raises StoreUnavailable.

    In a dry run all that is written goes to temporary tables.
    """

    def newest(self) -> Snapshot | None: ...
    def begin(self, source: str) -> Snapshot:
        """Abandon what is open, forget what was staged, and open a snapshot."""
        ...

    def clear(self, number: int) -> None:
        """Forget what was pulled for a snapshot."""
        ...

    def started(self, number: int, stage: Stage) -> None: ...
    def failed(self, number: int, stage: Stage, why: str) -> None: ...
    def finished(self, number: int, stage: Stage, message: str) -> None: ...
    def pulled(self, number: int) -> Pulled: ...
    def staged(self, number: int, kind: Kind) -> dict[str, str]:
        """Give the digest of each staged id."""
        ...

    def keep(self, number: int, read: MakeRead) -> None:
        """Stage a make and note it as pulled, in one transaction."""
        ...

    def compare(self, number: int) -> Differences:
        """Write the differences anew, and note the stage as done with them."""
        ...

    def differences(self, number: int) -> Differences: ...
    def lines(self, number: int, kind: Kind, how: How, most: int) -> Iterator[Line]: ...
    def rejects(self, number: int, most: int) -> Sequence[Reject]: ...
    def hand(self, number: int) -> Hand: ...
    def sending(self, number: int, message_id: str) -> None:
        """Note, so that it outlives a power cut, that the mail is about to be handed over."""
        ...

    def unsent(self, number: int) -> None:
        """Note that the server did not take the mail."""
        ...

    def sent(self, number: int, receipt: str) -> None:
        """Note the receipt, and the stage as done."""
        ...

    def apply(self, number: int) -> int:
        """Bring the differences to the live tables; gives the new version of the data.

        One transaction with the version and the stage.
        """
        ...


class VehicleBook(Protocol):
    """The database of vehicles."""

    def opened(self, run: ActiveRun) -> AbstractContextManager[Snapshots]: ...
    def rehearsed(self, run: ActiveRun, *, pulls: bool) -> AbstractContextManager[Snapshots]:
        """Open it for a dry run; ``pulls``: what is staged is a table of its own as well."""
        ...


# --- who is told ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Report:
    """What Vehicle Data reads before the differences go live."""

    snapshot: int
    run_id: str
    pulled: Pulled
    differences: Differences
    warnings: Sequence[str]
    sections: Sequence[tuple[str, int, Sequence[str]]]
    """A heading, how many there are, and the first of them in words."""
    rejects: Sequence[Reject]
    table: Sequence[Sequence[str]]
    """All differences as rows for a table of their own; empty where the sections show all."""


class Words(NamedTuple):
    """A report as a mail says it."""

    subject: str
    text: str
    html: str


class ReportWords(Protocol):
    """The templates. Raises Refused for one that cannot be filled in."""

    def write(self, report: Report) -> Words: ...
