"""The vehicle sync's ports in memory; any call of theirs may be the last one of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.jobs.vehicle_sync.ports import (
    Differences,
    Hand,
    How,
    Kind,
    Line,
    MakeRead,
    Pulled,
    Reject,
    Report,
    Words,
)
from domain.jobs.vehicle_sync.stages import Snapshot, Stage
from domain.mail.ports import Mail
from domain.operating.ports import ActiveRun
from domain.transfers.failures import TransferBroken
from domain.vehicles.reading import Record
from domain.vehicles.vehicle import Fitment, Vehicle


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass
class Fate:
    """Ends the run at its so many-th step: by a kill, or by a source or database that is away."""

    at: int = 0
    error: BaseException = field(default_factory=Killed)
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise self.error


def car(number: int, make: str = "BMW", **more: object) -> dict[str, object]:
    """One record of a source, with one fitment."""
    fitment = {"fitment_id": f"f{make}{number}", "tyre_size": "205/55R16", "rim": "7x16"}
    record = {"vehicle_id": f"{make}{number}", "make": make, "model": f"Model {number}"}
    return {**record, "fitments": [fitment], **more}


@dataclass
class ListSource:
    """Records by make."""

    made: dict[str, list[Record]]
    identity: str = "list"
    fate: Fate = field(default_factory=Fate)
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def opened(self, run: ActiveRun) -> Iterator[ListSource]:
        yield self

    def makes(self) -> Sequence[str]:
        self.fate.step()
        return sorted(self.made)

    def records(self, make: str) -> Sequence[Record]:
        self.fate.step()
        self.asked.append(make)
        return self.made[make]


def source_of(*records: Record) -> ListSource:
    made: dict[str, list[Record]] = {}
    for record in records:
        made.setdefault(str(record["make"]), []).append(record)
    return ListSource(made)


Rows = dict[str, Vehicle | Fitment]


@dataclass
class Kept:
    """What a snapshot has come to."""

    snapshot: Snapshot
    rows: dict[Kind, Rows] = field(default_factory=lambda: {kind: {} for kind in Kind})
    reads: list[MakeRead] = field(default_factory=list)
    differences: dict[tuple[Kind, str], How] = field(default_factory=dict)
    hand: Hand = Hand.NONE
    told: list[tuple[Stage, str]] = field(default_factory=list)


class MemoryBook:
    """Snapshots and live rows; what a write does it does at once and wholly."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.live: dict[Kind, Rows] = {kind: {} for kind in Kind}
        self.version = 0
        self.fate = Fate()
        self.finishes: Counter[tuple[int, Stage]] = Counter()
        self._run_id = ""

    @contextmanager
    def opened(self, run: ActiveRun) -> Iterator[MemoryBook]:
        self._run_id = run.run_id
        yield self

    @contextmanager
    def rehearsed(self, run: ActiveRun, *, pulls: bool) -> Iterator[MemoryBook]:
        beside = MemoryBook()
        beside.live, beside._run_id = self.live, run.run_id
        beside.kept = [replace(self.kept[-1])] if self.kept and not pulls else []
        yield beside

    @contextmanager
    def _written(self) -> Iterator[None]:
        """A run may end before a commit, or just behind it."""
        self.fate.step()
        yield
        self.fate.step()

    def _at(self, number: int) -> Kept:
        return next(kept for kept in self.kept if kept.snapshot.number == number)

    # --- stages ---------------------------------------------------------------------------------

    def newest(self) -> Snapshot | None:
        self.fate.step()
        return self.kept[-1].snapshot if self.kept else None

    def begin(self, source: str) -> Snapshot:
        number = self.kept[-1].snapshot.number + 1 if self.kept else 1
        begun = Snapshot(number=number, run_id=self._run_id, source=source, age=timedelta())
        with self._written():
            for kept in self.kept:
                kept.snapshot = replace(kept.snapshot, abandoned=kept.snapshot.is_open)
            self.kept.append(Kept(begun))
        return begun

    def clear(self, number: int) -> None:
        with self._written():
            kept = self._at(number)
            kept.rows, kept.reads = {kind: {} for kind in Kind}, []
            kept.snapshot = replace(kept.snapshot, run_id=self._run_id)

    def started(self, number: int, stage: Stage) -> None:
        with self._written():
            self._at(number).told.append((stage, "started"))

    def failed(self, number: int, stage: Stage, why: str) -> None:
        with self._written():
            self._at(number).told.append((stage, why))

    def finished(self, number: int, stage: Stage, message: str) -> None:
        with self._written():
            self._finish(number, stage)

    def _finish(self, number: int, stage: Stage) -> None:
        kept = self._at(number)
        self.finishes[number, stage] += 1
        kept.snapshot = replace(kept.snapshot, done=kept.snapshot.done | {stage})

    # --- pull -----------------------------------------------------------------------------------

    def pulled(self, number: int) -> Pulled:
        reads = self._at(number).reads
        return Pulled(
            makes=frozenset(read.make for read in reads),
            vehicles=sum(len(read.vehicles) for read in reads),
            fitments=sum(len(read.fitments) for read in reads),
            rejected=sum(len(read.rejects) for read in reads),
            repeated=sum(read.repeated for read in reads),
        )

    def staged(self, number: int, kind: Kind) -> dict[str, str]:
        return {item_id: row.content_hash for item_id, row in self._at(number).rows[kind].items()}

    def keep(self, number: int, read: MakeRead) -> None:
        with self._written():
            kept = self._at(number)
            kept.reads.append(read)
            for kind, rows in ((Kind.VEHICLE, read.vehicles), (Kind.FITMENT, read.fitments)):
                assert not {row[0] for row in rows} & set(kept.rows[kind])
                kept.rows[kind] |= {row[0]: row for row in rows}

    def rejects(self, number: int, most: int) -> Sequence[Reject]:
        return [it for read in self._at(number).reads for it in read.rejects][:most]

    # --- the rest -------------------------------------------------------------------------------

    def compare(self, number: int) -> Differences:
        with self._written():
            kept = self._at(number)
            kept.differences = {
                (kind, item_id): how
                for kind in Kind
                for item_id, how in _compared(self.live[kind], kept.rows[kind])
            }
            self._finish(number, Stage.SYNC)
        return self.differences(number)

    def differences(self, number: int) -> Differences:
        counts = Counter((kind, how) for (kind, _), how in self._at(number).differences.items())
        return Differences(counts=counts, live={kind: len(self.live[kind]) for kind in Kind})

    def lines(self, number: int, kind: Kind, how: How, most: int) -> Iterator[Line]:
        kept = self._at(number)
        found = [it for (of, it), what in kept.differences.items() if (of, what) == (kind, how)]
        for item_id in sorted(found)[:most]:
            sides = (self.live[kind].get(item_id), kept.rows[kind].get(item_id))
            before, after = (row._asdict() if row else {} for row in sides)
            yield Line(
                kind=kind, how=how, item_id=item_id, former_id=None, before=before, after=after
            )

    def hand(self, number: int) -> Hand:
        return self._at(number).hand

    def sending(self, number: int, message_id: str) -> None:
        with self._written():
            assert self._at(number).hand is Hand.NONE
            self._at(number).hand = Hand.SENDING

    def unsent(self, number: int) -> None:
        with self._written():
            self._at(number).hand = Hand.NONE

    def sent(self, number: int, receipt: str) -> None:
        with self._written():
            self._at(number).hand = Hand.SENT
            self._finish(number, Stage.EMAIL)

    def apply(self, number: int) -> int:
        with self._written():
            kept = self._at(number)
            for (kind, item_id), how in kept.differences.items():
                if how is How.GONE:
                    del self.live[kind][item_id]
                else:
                    self.live[kind][item_id] = kept.rows[kind][item_id]
            self.version += bool(kept.differences)
            self._finish(number, Stage.UPDATE)
        return self.version


def _compared(
    live: Mapping[str, object], staged: Mapping[str, object]
) -> Iterator[tuple[str, How]]:
    for item_id, row in staged.items():
        if live.get(item_id) != row:
            yield item_id, How.CHANGED if item_id in live else How.NEW
    yield from ((item_id, How.GONE) for item_id in live if item_id not in staged)


class MemoryMailer:
    """Keeps what it is handed; ``failures`` are raised in place of that, one each."""

    def __init__(self, fate: Fate) -> None:
        self.mails: list[Mail] = []
        self.failures: list[Exception] = []
        self.fate = fate

    @contextmanager
    def session(self) -> Iterator[MemoryMailer]:
        self.fate.step()
        yield self

    def message_id(self, key: str) -> str:
        return f"<{key}@shop.example>"

    def send(self, mail: Mail) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)
        return "250 taken"


class PlainWords:
    """Says how many lines each section has, and keeps the reports."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def write(self, report: Report) -> Words:
        self.reports.append(report)
        text = "\n".join(f"{heading} {count}" for heading, count, _ in report.sections)
        return Words(f"snapshot {report.snapshot}", text, "")


AWAY = TransferBroken("the source is away")
