"""Supplier stock in the shop's database: staged aside, compared at rest, booked in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine, Row, func, select

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.ports import Entry, LastImport, Status, Tally
from domain.jobs.supplier_import.setting import ImportSetting
from domain.operating.ports import ActiveRun
from infra.sql import booking, matching
from infra.sql.comparison import compare
from infra.sql.engine import fenced, fenced_transaction, reading, translated
from infra.sql.instants import from_text, to_text
from infra.sql.staging import staging_for
from infra.sql.tables import IMPORT_RUN, SUPPLIER_STOCK


class SqlStockBook:
    """The stock book on SQLAlchemy; ``reader`` is a read-only engine on the same database.

    A dry run works on the reader alone: the database itself refuses every write.
    """

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    def last(self, supplier_id: int) -> LastImport | None:
        with reading(self._reader) as connection:
            booked = _newest(connection, supplier_id, Status.BOOKED)
            if booked is None:
                return None
            shown = _newest(connection, supplier_id, Status.BOOKED, Status.ZEROED)
            received = _received(connection, supplier_id, booked.id)
        digest = booked.sha256 if shown == booked else None
        return LastImport(digest=digest, received=from_text(received))

    @contextmanager
    def stage(self, setting: ImportSetting, run: ActiveRun) -> Iterator[SqlStagedStock]:
        engine = self._reader if run.dry_run else self._engine
        with translated(), engine.connect() as connection:
            connection.detach()  # its temporary tables end with it, not with the pool
            yield SqlStagedStock(connection, setting, run)

    def zero(self, entry: Entry, run: ActiveRun) -> int:
        with reading(self._reader) as connection:
            stocked = _stocked(connection, entry.supplier_id)
        if stocked and not run.dry_run:
            with fenced_transaction(self._engine, run.leases) as connection:
                import_run_id = booking.write_entry(
                    connection, replace(entry, tally=Tally(gone=stocked)), run
                )
                booking.write_zero(connection, entry, import_run_id)
        return stocked

    def note(self, entry: Entry, run: ActiveRun) -> None:
        with fenced_transaction(self._engine, run.leases) as connection:
            booking.write_entry(connection, entry, run)


class SqlStagedStock:
    """One file on its way into the book, on a connection of its own.

    Only ``book`` takes the database's write lock: the supplier's own lock keeps everyone else
    from the rows that ``compare`` has read.
    """

    def __init__(self, connection: Connection, setting: ImportSetting, run: ActiveRun) -> None:
        self._connection, self._setting, self._run = connection, setting, run
        self._staging = staging_for(connection, setting)

    def take(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        with self._connection.begin():
            self._staging.load(items, tick)

    @translated()
    def compare(self) -> Tally:
        staging = self._staging
        with self._connection.begin():
            staging.settle_duplicates()
            counts = compare(self._connection, self._setting, staging)
            review = matching.match(self._connection, self._setting.supplier_id, staging)
        return Tally(
            lines=staging.accepted,
            rejected=staging.rejected,
            unchanged=staging.listed - counts["new"] - counts["changed"],
            review=review,
            **counts,
        )

    @translated()
    def book(self, entry: Entry) -> None:
        connection, run = self._connection, self._run
        with fenced(connection, run.leases, durable=True):
            import_run_id = booking.write_entry(connection, entry, run)
            booking.write_rejects(connection, entry, import_run_id)
            booking.write_stock(connection, self._staging, entry, import_run_id)
            now = to_text(entry.finished_at)
            matching.link(connection, entry.supplier_id, import_run_id, now)
            run.checkpoint("applied")

    @translated()
    def reject(self, entry: Entry) -> None:
        connection, run = self._connection, self._run
        with fenced(connection, run.leases, durable=True):
            import_run_id = booking.write_entry(connection, entry, run)
            booking.write_rejects(connection, entry, import_run_id)


def _newest(connection: Connection, supplier_id: int, *statuses: Status) -> Row[int, str] | None:
    return connection.execute(
        select(IMPORT_RUN.c.id, IMPORT_RUN.c.sha256)
        .where(IMPORT_RUN.c.supplier_id == supplier_id, IMPORT_RUN.c.status.in_(statuses))
        .order_by(IMPORT_RUN.c.id.desc())
        .limit(1)
    ).one_or_none()


def _received(connection: Connection, supplier_id: int, booked_id: int) -> str:
    """The newest time of the file booked and of those found unchanged since; text sorts by time."""
    since = (IMPORT_RUN.c.supplier_id == supplier_id) & (IMPORT_RUN.c.id >= booked_id)
    came = IMPORT_RUN.c.status.in_((Status.BOOKED, Status.UNCHANGED))
    newest = select(func.max(IMPORT_RUN.c.file_mtime)).where(since, came)
    return str(connection.execute(newest).scalar_one())


def _stocked(connection: Connection, supplier_id: int) -> int:
    mine = (SUPPLIER_STOCK.c.supplier_id == supplier_id) & (SUPPLIER_STOCK.c.qty > 0)
    return connection.execute(
        select(func.count()).select_from(SUPPLIER_STOCK).where(mine)
    ).scalar_one()
