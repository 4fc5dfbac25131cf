"""Snapshots on SQLAlchemy: every write one transaction that checks the run's leases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from domain.jobs.vehicle_sync.ports import (
    Differences,
    Hand,
    How,
    Kind,
    Line,
    MakeRead,
    Pulled,
    Reject,
)
from domain.jobs.vehicle_sync.stages import ALL, Snapshot, Stage
from domain.operating.ports import ActiveRun
from infra.sql.bulk import insert_many
from infra.sql.database_clock import NOW
from infra.sql.engine import fenced, kind_of, reading, translated
from infra.sql.vehicle_tables import FITMENT_COLUMNS, VEHICLE_COLUMNS
from infra.sql.vehicles import rehearsal, statements
from infra.sql.vehicles.application import APPLY
from infra.sql.vehicles.comparison import COMPARE, COUNT, LIVE
from infra.sql.vehicles.lines import read_lines

KEPT_SNAPSHOTS = 30
"""For how many snapshots differences and rejects can be looked up."""

_STAGED = {Kind.VEHICLE: "vehicle_staged", Kind.FITMENT: "vehicle_fitment_staged"}
_LIVE = ("vehicle", "vehicle_fitment")
_COLUMNS = {
    Kind.VEHICLE: ("snapshot_id", "vehicle_id", *VEHICLE_COLUMNS),
    Kind.FITMENT: ("snapshot_id", "fitment_id", *FITMENT_COLUMNS),
}
_REJECT_COLUMNS = ("snapshot_id", "no", "make", "vehicle_id", "fitment_id", "reason", "raw")
_LONGEST_REASON = 255


class SqlVehicleBook:
    """The VehicleBook port; ``reader`` is a read-only engine on the same database."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    @contextmanager
    def opened(self, run: ActiveRun) -> Iterator[SqlSnapshots]:
        yield SqlSnapshots(self._engine, run)

    @contextmanager
    def rehearsed(self, run: ActiveRun, *, pulls: bool) -> Iterator[RehearsedSnapshots]:
        with translated(), self._reader.connect() as connection:
            connection.detach()  # its temporary tables end with it, not with the pool
            newest = SqlSnapshots(self._reader, run).newest()
            rehearsal.shadow(connection, pulls=pulls)
            yield RehearsedSnapshots(connection, run, newest)


class SqlSnapshots:
    """The Snapshots port on the real tables."""

    def __init__(self, engine: Engine, run: ActiveRun) -> None:
        self._engine, self._run = engine, run

    # --- transactions ---------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self._engine) as connection:
            yield connection

    @contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """``durable`` outlives a power cut; what is staged does not need to: it is read again."""
        with (
            translated(),
            self._engine.connect() as connection,
            fenced(connection, self._run.leases, durable=durable),
        ):
            yield connection

    def _write(self, statement: str, **values: object) -> None:
        with self._writing() as connection:
            _do(connection, statement, **values)

    def _rows(self, statement: str, **values: object) -> Sequence[Mapping[str, Any]]:
        with self._reading() as connection:
            return list(_do(connection, statement, **values).mappings())

    # --- snapshots and their stages -------------------------------------------------------------

    def newest(self) -> Snapshot | None:
        found = self._rows(statements.NEWEST)
        if not found:
            return None
        row = found[0]
        stages = self._rows(statements.STAGES, number=row["snapshot_id"])
        return Snapshot(
            number=row["snapshot_id"],
            run_id=row["run_id"],
            source=row["source"],
            age=timedelta(microseconds=max(0, row["age"])),
            done=frozenset(Stage(it["stage"]) for it in stages if it["status"] == "done"),
            abandoned=any(it["status"] == "abandoned" for it in stages),
        )

    def begin(self, source: str) -> Snapshot:
        newest = self.newest()
        return self._begun((newest.number if newest else 0) + 1, source)

    def _begun(self, number: int, source: str) -> Snapshot:
        run_id = self._run.run_id
        with self._writing() as connection:
            for statement in statements.FORGET_STAGED:
                _do(connection, statement)
            for statement in statements.FORGET_OLD:
                _do(connection, statement, oldest=number - KEPT_SNAPSHOTS)
            _do(connection, statements.ABANDON)
            _do(connection, statements.BEGIN, number=number, run_id=run_id, source=source)
            for stage in ALL:
                _do(connection, statements.WAIT, number=number, stage=stage.value, run_id=run_id)
        return Snapshot(number=number, run_id=run_id, source=source, age=timedelta())

    def clear(self, number: int) -> None:
        with self._writing() as connection:
            for statement in (*statements.FORGET_STAGED, *statements.FORGET_PULLED):
                _do(connection, statement, number=number)
            _do(connection, statements.TAKE_OVER, number=number, run_id=self._run.run_id)

    def started(self, number: int, stage: Stage) -> None:
        self._write(statements.START, number=number, stage=stage.value, run_id=self._run.run_id)

    def failed(self, number: int, stage: Stage, why: str) -> None:
        self._write(statements.FAIL, number=number, stage=stage.value, message=why)

    def finished(self, number: int, stage: Stage, message: str) -> None:
        with self._writing() as connection:
            _finish(connection, number, stage, message)

    # --- pull -----------------------------------------------------------------------------------

    def pulled(self, number: int) -> Pulled:
        rows = self._rows(statements.PULLED, number=number)
        words = ("vehicles", "fitments", "rejected", "repeated")
        return Pulled(
            makes=frozenset(row["make"] for row in rows),
            **{word: sum(row[word] for row in rows) for word in words},
        )

    def staged(self, number: int, kind: Kind) -> dict[str, str]:
        statement = statements.DIGESTS.format(key=f"{kind}_id", table=_STAGED[kind])
        with self._reading() as connection:
            return dict(_do(connection, statement, number=number).all())

    def keep(self, number: int, read: MakeRead) -> None:
        vehicles = ((number, *vehicle) for vehicle in read.vehicles)
        fitments = ((number, *fitment) for fitment in read.fitments)
        counts = {
            "vehicles": len(read.vehicles),
            "fitments": len(read.fitments),
            "rejected": len(read.rejects),
            "repeated": read.repeated,
        }
        with self._writing() as connection:
            for kind, rows in ((Kind.VEHICLE, vehicles), (Kind.FITMENT, fitments)):
                insert_many(connection, _STAGED[kind], _COLUMNS[kind], rows)
            _put_aside(connection, number, read)
            _do(connection, statements.NOTE_PULLED, number=number, make=read.make, **counts)
            _do(connection, statements.CHECKPOINT, number=number, make=read.make)
            self._run.checkpoint("staged")

    def rejects(self, number: int, most: int) -> Sequence[Reject]:
        rows = self._rows(statements.REJECTS, number=number, most=most)
        return [Reject(**row) for row in rows]

    # --- sync -----------------------------------------------------------------------------------

    def compare(self, number: int) -> Differences:
        with self._writing() as connection:
            statements.know(connection, *_STAGED.values(), *_LIVE)
            for statement in COMPARE:
                _do(connection, statement, number=number)
            found = _differences(connection, number)
            _finish(connection, number, Stage.SYNC, f"{found.total} differences")
            self._run.checkpoint("compared")
        return found

    def differences(self, number: int) -> Differences:
        with self._reading() as connection:
            return _differences(connection, number)

    def lines(self, number: int, kind: Kind, how: How, most: int) -> Iterator[Line]:
        with self._reading() as connection:
            yield from read_lines(connection, number, kind, how, most)

    # --- email ----------------------------------------------------------------------------------

    def hand(self, number: int) -> Hand:
        found = self._rows(statements.HAND, number=number)
        return Hand(found[0]["status"]) if found else Hand.NONE

    def sending(self, number: int, message_id: str) -> None:
        values = {"number": number, "message_id": message_id, "run_id": self._run.run_id}
        with self._writing(durable=True) as connection:
            _do(connection, statements.SENDING, **values)

    def unsent(self, number: int) -> None:
        self._write(statements.UNSENT, number=number)

    def sent(self, number: int, receipt: str) -> None:
        with self._writing(durable=True) as connection:
            _do(connection, statements.SENT, number=number, receipt=receipt)
            _finish(connection, number, Stage.EMAIL, receipt)

    # --- update ---------------------------------------------------------------------------------

    def apply(self, number: int) -> int:
        with self._writing(durable=True) as connection:
            if _differences(connection, number).total:
                for statement in APPLY:
                    _do(connection, statement, number=number)
                self._next_version(connection)
            version = _do(connection, statements.VERSION).scalar() or 0
            _finish(connection, number, Stage.UPDATE, f"version {version}")
            self._run.checkpoint("applied")
        return int(version)

    def _next_version(self, connection: Connection) -> None:
        run_id = self._run.run_id
        if not _do(connection, statements.NEXT_VERSION, run_id=run_id).rowcount:
            _do(connection, statements.FIRST_VERSION, run_id=run_id)


class RehearsedSnapshots(SqlSnapshots):
    """The same on one connection whose tables of its own stand before the real ones."""

    def __init__(self, connection: Connection, run: ActiveRun, newest: Snapshot | None) -> None:
        self._connection, self._run, self._newest = connection, run, newest

    def newest(self) -> Snapshot | None:
        return self._newest

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(), self._connection.begin():
            yield self._connection

    @contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[Connection]:  # noqa: ARG002 - it ends with its connection
        with self._reading() as connection:
            yield connection


def _do(connection: Connection, statement: str, **values: object) -> Any:
    now = NOW[kind_of(connection)]
    return connection.execute(text(statement.replace("{now}", now)), values)


def _finish(connection: Connection, number: int, stage: Stage, message: str) -> None:
    _do(connection, statements.FINISH, number=number, stage=stage.value, message=message)


def _differences(connection: Connection, number: int) -> Differences:
    counts = _do(connection, COUNT, number=number).mappings()
    live = _do(connection, LIVE).mappings().one()
    return Differences(
        counts={(Kind(row["kind"]), How(row["how"])): row["rows_"] for row in counts},
        live={kind: live[kind.value] for kind in Kind},
    )


def _put_aside(connection: Connection, number: int, read: MakeRead) -> None:
    if not read.rejects:
        return
    last = _do(connection, statements.LAST_REJECT, number=number).scalar() or 0
    rows = (
        (
            number,
            last + place,
            read.make,
            it.vehicle_id,
            it.fitment_id,
            it.reason[:_LONGEST_REASON],
            it.raw,
        )
        for place, it in enumerate(read.rejects, start=1)
    )
    insert_many(connection, "driveright_quarantine", _REJECT_COLUMNS, rows)
