"""The first stage: make by make from the source, each kept before the next is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from domain.errors import Refused
from domain.jobs.vehicle_sync.ports import Kind, MakeRead, Pulled, Reject, Snapshots, Source
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.vehicles.reading import (
    LONGEST_ID,
    LONGEST_NAME,
    Record,
    Unfit,
    fitment_id,
    fitments_of,
    id_of,
    one_spelling,
    vehicle_of,
)
from domain.vehicles.vehicle import Fitment, Vehicle

MOST_QUARANTINED = 10_000
"""More is no list of single bad records any more."""

LONGEST_RAW = 2_000


class TooManyRejects(Refused):
    """More records are bad than single ones may be; the stage fails."""


@dataclass(frozen=True, kw_only=True)
class Pulling:
    """The pull of one snapshot."""

    source: Source
    book: Snapshots
    number: int
    most_rejected_percent: float

    def __call__(self, run: ActiveRun) -> Pulled:
        """Read what is missing. Raises TooManyRejects, and Refused where the source is empty."""
        makes = self.source.makes()
        before = self.book.pulled(self.number)
        reading = _Reading(makes, self.book, self.number)
        missing = [make for make in makes if _key(make) not in before.makes]
        for count, make in enumerate(missing):
            run.progress("makes", len(makes) - len(missing) + count, len(makes))
            run.checkpoint("make")
            self.book.keep(self.number, reading.of(make, self.source.records(make)))
            run.checkpoint("kept")
        pulled = self.book.pulled(self.number)
        self._check(pulled)
        if pulled.rejected:
            said = f"{pulled.rejected:,} records put aside"
            run.warn(Event.LINES_REJECTED, said, snapshot=self.number)
        return pulled

    def _check(self, pulled: Pulled) -> None:
        if not pulled.vehicles:
            raise Refused(
                "the source has no vehicle at all: nothing is changed; is it the right one?"
            )
        read = pulled.vehicles + pulled.fitments + pulled.rejected
        if 100 * pulled.rejected > self.most_rejected_percent * read:
            reasons = "; ".join(reject.reason for reject in self.book.rejects(self.number, 3))
            raise TooManyRejects(
                f"{pulled.rejected:,} of {read:,} records are bad, more than"
                f" {self.most_rejected_percent:g} %: {reasons}"
            )


class _Reading:
    """Makes records into vehicles, and knows what the snapshot has of them already."""

    def __init__(self, makes: Iterable[str], book: Snapshots, number: int) -> None:
        self._makes = {one_spelling(make).casefold() for make in makes}
        self._vehicles = book.staged(number, Kind.VEHICLE)
        self._fitments = book.staged(number, Kind.FITMENT)

    def of(self, make: str, records: Iterable[Record]) -> MakeRead:
        read = MakeRead(make=_key(make))
        for record in records:
            self._take(record, read)
            if len(read.rejects) > MOST_QUARANTINED:
                raise TooManyRejects(
                    f"{make}: more than {MOST_QUARANTINED:,} bad records, first"
                    f" {read.rejects[0].reason}"
                )
        return read

    def _take(self, record: Record, read: MakeRead) -> None:
        try:
            vehicle = vehicle_of(record)
            is_new = self._is_new_vehicle(vehicle)
        except Unfit as why:
            read.rejects.append(Reject(_id_of(record), None, str(why), _raw(record)))
            return
        if is_new:
            self._vehicles[vehicle.vehicle_id] = vehicle.content_hash
            read.vehicles.append(vehicle)
        fitments = record.get("fitments") or ()
        said_more = [self._take_fitment(one, vehicle, read) for one in _records(fitments)]
        read.repeated += not is_new and not any(said_more)

    def _take_fitment(self, record: Record, vehicle: Vehicle, read: MakeRead) -> bool:
        """Tell whether it says something new, be it bad."""
        try:
            new = [
                fitment
                for fitment in fitments_of(record, vehicle.vehicle_id)
                if self._is_new_fitment(fitment)
            ]
        except Unfit as why:
            reject = Reject(vehicle.vehicle_id, fitment_id(record), str(why), _raw(record))
            read.rejects.append(reject)
            return True
        self._fitments.update((fitment.fitment_id, fitment.content_hash) for fitment in new)
        read.fitments += new
        return bool(new)

    def _is_new_vehicle(self, vehicle: Vehicle) -> bool:
        if vehicle.make.casefold() not in self._makes:
            raise Unfit(f"make {vehicle.make!r} is none of the source's makes")
        return _is_new(self._vehicles, vehicle.vehicle_id, vehicle.content_hash)

    def _is_new_fitment(self, fitment: Fitment) -> bool:
        return _is_new(self._fitments, fitment.fitment_id, fitment.content_hash)


def _is_new(known: dict[str, str], item_id: str, digest: str) -> bool:
    """Tell a repetition; raises Unfit for one id with two contents, of which the first is kept."""
    there = known.get(item_id)
    if there not in (None, digest):
        raise Unfit(f"{item_id} is listed before with other content")
    return there is None


def _records(fitments: object) -> Iterable[Record]:
    if not isinstance(fitments, list | tuple) or any(not isinstance(it, dict) for it in fitments):
        return ({"axle": "", "tyre_size": None},)  # is refused with a word on it
    return fitments


def _id_of(record: Record) -> str | None:
    try:
        return id_of(record, "vehicle_id", LONGEST_ID)
    except Unfit:
        return None


def _raw(record: Record) -> str:
    text = json.dumps(record, ensure_ascii=False, default=_plain)[:LONGEST_RAW]
    return text.encode("utf-8", "replace").decode()  # half a character is none for a database


def _key(make: str) -> str:
    """Name a make as it is kept, be it one that no database would take."""
    if len(make) <= LONGEST_NAME and make.isprintable():
        return make
    return sha256(make.encode("utf-8", "replace")).hexdigest()


def _plain(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)
