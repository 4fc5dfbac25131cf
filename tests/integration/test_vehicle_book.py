"""Snapshots of vehicle data on every database: what is compared, applied and left alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from domain.errors import LockLost
from domain.jobs.vehicle_sync.ports import Kind
from domain.jobs.vehicle_sync.service import Limits, VehicleSync
from domain.jobs.vehicle_sync.stages import SyncRequest
from domain.jobs.vehicle_sync.telling import Telling
from domain.operating.ports import Lease
from domain.operating.run import Summary
from domain.vehicles.reading import Record
from fakes.supplier_import import FakeRun
from fakes.vehicle_sync import AWAY, Fate, MemoryBook, MemoryMailer, PlainWords, car, source_of
from infra.sql.engine import make_engine, reading, writing
from infra.sql.vehicles.book import SqlVehicleBook
from servers import KINDS, database

LENIENT = Limits(most_gone_percent=100, most_fitments_gone_percent=100, most_rejected_percent=100)


@dataclass
class Sync:
    """The job on a real database, with the other ports in memory."""

    engine: Engine
    reader: Engine
    runs: int = 0
    fate: Fate = field(default_factory=Fate)

    def __post_init__(self) -> None:
        self.book, self.words = SqlVehicleBook(self.engine, self.reader), PlainWords()

    def __call__(self, *records: Record, run: FakeRun | None = None, book: Any = None) -> Summary:
        self.runs += 1
        source = source_of(*records)
        source.fate = self.fate
        mailer = MemoryMailer(Fate())
        telling = Telling(mailer=mailer, words=self.words, to="v@shop.example", first=9, most=0)
        sync = VehicleSync(source, book or self.book, telling, LENIENT)
        return sync(SyncRequest(), run or FakeRun(run_id=f"run-{self.runs}"))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def write(self, statement: str) -> None:
        with writing(self.engine) as connection:
            connection.execute(text(statement))

    @property
    def ids(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT vehicle_id FROM vehicle ORDER BY vehicle_id")]

    @property
    def wheels(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT fitment_id, vehicle_id FROM vehicle_fitment ORDER BY fitment_id")


@pytest.fixture(params=KINDS)
def sync(request: pytest.FixtureRequest) -> Iterator[Sync]:
    with database(request.param) as url:
        engine, reader = make_engine(url), make_engine(url, read_only=True)
        yield Sync(engine, reader)
        engine.dispose()
        reader.dispose()


def some_cars(chance: random.Random) -> list[dict[str, object]]:
    """A listing whose cars come, go and change; no two have one content."""
    numbers = [n for n in range(40) if chance.random() < 0.8]
    return [
        car(
            n,
            make=chance.choice(["BMW"] * 9 + ["Audi"]),
            generation=f"{n}-{chance.choice('aaaaab')}",
            year_to=chance.choice([None, 2001]),
        )
        for n in numbers
    ]


def test_whatever_a_source_lists_the_shop_has_it_afterwards(sync: Sync) -> None:
    chance, memory = random.Random(4711), MemoryBook()  # noqa: S311 - the same listings each time
    for _ in range(8):
        listed = some_cars(chance)
        # Two makes of one number are two cars of which each may be the other renumbered.
        expected = sync(*listed, book=memory)

        found = sync(*listed)

        assert found.items == expected.items
        live = memory.live[Kind.VEHICLE].values()
        assert sync.rows(
            "SELECT vehicle_id, make, model, generation, year_from, year_to, engine, content_hash"
            " FROM vehicle ORDER BY vehicle_id"
        ) == sorted(tuple(row) for row in live)
        fitments = memory.live[Kind.FITMENT].values()
        assert sync.wheels == sorted((row[0], row[1]) for row in fitments)
    assert sync.rows("SELECT version FROM data_version") == [(memory.version,)]


def test_another_id_for_the_same_car_is_renumbered_and_takes_along_what_the_shop_entered(
    sync: Sync,
) -> None:
    sync(car(1), car(2), car(3, model="Twin"), car(4, model="Twin"))
    sync.write("UPDATE vehicle_fitment SET source = 'shop' WHERE fitment_id = 'fBMW1'")

    told = sync(
        {**car(1), "vehicle_id": "new-1", "fitments": []},
        car(2),
        {**car(3, model="Twin"), "vehicle_id": "new-3", "fitments": []},
    )

    assert told.items == {"new": 1, "changed": 0, "gone": 4, "renumbered": 1}
    assert sync.ids == ["BMW2", "new-1", "new-3"]
    assert sync.wheels == [("fBMW1", "new-1"), ("fBMW2", "BMW2")]
    said = {heading: lines for heading, _, lines in sync.words.reports[-1].sections}
    assert said["Vehicles under another id"] == ["BMW1 is now new-1: BMW Model 1 (year unknown)"]


def test_what_the_shop_entered_itself_is_left_alone(sync: Sync) -> None:
    sync(car(1), car(2), car(3))
    sync.write("UPDATE vehicle SET source = 'shop', model = 'Mine' WHERE vehicle_id = 'BMW1'")
    sync.write("UPDATE vehicle_fitment SET source = 'shop', tyre_size = 'mine'")

    told = sync(car(1, model="Theirs"), {**car(2), "fitments": []}, car(4))

    assert told.items == {"new": 2, "changed": 0, "gone": 0, "renumbered": 0}
    assert sync.rows("SELECT vehicle_id, model FROM vehicle ORDER BY 1") == [
        ("BMW1", "Mine"),
        ("BMW2", "Model 2"),
        ("BMW3", "Model 3"),  # gone, but the shop's own fitment hangs on it
        ("BMW4", "Model 4"),
    ]
    assert sync.rows("SELECT count(*) FROM vehicle_fitment WHERE tyre_size = 'mine'") == [(3,)]
    assert sync(car(1), car(2), car(4)).items["changed"] == 0


def test_what_could_not_be_read_is_not_gone(sync: Sync) -> None:
    sync(car(1), car(2), car(3), car(4))
    no_size = {"fitment_id": "fBMW2", "tyre_size": ""}
    no_id = {"tyre_size": ""}

    told = sync(
        car(1, year_from=2010, year_to=2001),
        {**car(2), "fitments": [no_size]},
        {**car(3), "fitments": [no_id]},
    )

    assert told.items == {"new": 0, "changed": 0, "gone": 2, "renumbered": 0}
    assert sync.ids == ["BMW1", "BMW2", "BMW3"]
    assert [row[0] for row in sync.wheels] == ["fBMW1", "fBMW2", "fBMW3"]
    assert sync.rows("SELECT make, vehicle_id, fitment_id FROM driveright_quarantine") == [
        ("BMW", "BMW1", None),
        ("BMW", "BMW2", "fBMW2"),
        ("BMW", "BMW3", None),
    ]


def test_what_no_database_would_take_is_put_aside(sync: Sync) -> None:
    makes = ["B" * 300, "B\ud800", "B\0", "", "🚗" * 99]
    hostile = [{**car(n), "make": make} for n, make in enumerate(makes)]
    half = {**car(77), "model": "half \ud83d", "fitments": [{"tyre_size": "\0"}]}

    told = sync(car(99), half, *hostile)

    assert told.units[0].counts["rejected"] == 5
    assert sync.rows("SELECT make FROM vehicle ORDER BY vehicle_id") == [("🚗" * 99,), ("BMW",)]


def test_sizes_are_kept_and_told_as_decimals(sync: Sync) -> None:
    wheel = {"fitment_id": "f", "tyre_size": "195/65R15", "rim": "6.5x15", "bolt_pattern": "4x98"}
    sync({**car(1), "fitments": [{**wheel, "centre_bore": "58.1"}]})
    ((width, bore),) = sync.rows("SELECT rim_width, centre_bore FROM vehicle_fitment")
    assert (Decimal(str(width)), Decimal(str(bore))) == (Decimal("6.5"), Decimal("58.1"))

    sync({**car(1), "fitments": [wheel]})

    ((heading, _, lines),) = sync.words.reports[-1].sections
    assert (heading, lines) == (
        "Changed fitments",
        ["f: BMW1 195/65R15 on 6.5x15, 4/98, bore 58.1, offset ?: centre bore 58.1 → ?"],
    )


def everything(sync: Sync) -> list[Any]:
    tables = ("vehicle", "vehicle_staged", "driveright_run", "driveright_difference")
    return [sync.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]  # noqa: S608


def test_a_dry_run_writes_nothing_wherever_it_goes_on(sync: Sync) -> None:
    sync(car(1), car(2))
    before = everything(sync)

    told = sync(car(2), car(3), run=FakeRun(dry_run=True))

    assert (told.items["new"], told.items["gone"]) == (2, 2)
    assert everything(sync) == before
    sync.fate = Fate(at=2, error=AWAY)
    with pytest.raises(type(AWAY)):
        sync(car(2), car(3))
    sync.fate = Fate()
    before = everything(sync)
    assert sync(car(2), car(3), run=FakeRun(dry_run=True)).items == told.items
    assert everything(sync) == before


def test_a_comparison_can_be_rehearsed_on_what_is_staged(sync: Sync) -> None:
    sync(car(1), car(2))
    with pytest.raises(type(AWAY)):
        sync(car(2), car(3), run=FakeRun(run_id="r", at_checkpoint=_away_at("sync")))

    told = sync(run=FakeRun(dry_run=True))

    assert (told.items["new"], told.items["gone"]) == (2, 2)
    assert [unit.name for unit in told.units] == ["sync"]
    assert sync(car(9)).items == told.items  # goes on with what was staged


def _away_at(checkpoint: str) -> Any:
    def at(name: str) -> None:
        if name == checkpoint:
            raise AWAY

    return at


def test_a_run_that_lost_its_lock_writes_nothing(sync: Sync) -> None:
    lost = FakeRun(leases=[Lease(key="cron.driveright.sync", fence=1, run_id="0199-run")])

    with pytest.raises(LockLost):
        sync(car(1), run=lost)

    assert everything(sync) == [[], [], [], []]


def test_old_findings_are_forgotten_and_the_newest_kept(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.sql.vehicles.book.KEPT_SNAPSHOTS", 2)
    for n in range(4):
        sync(car(n))

    numbers = sync.rows("SELECT DISTINCT snapshot_id FROM driveright_difference ORDER BY 1")
    assert numbers == [(2,), (3,), (4,)]
