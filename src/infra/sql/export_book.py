"""What was generated and delivered, a row for each export in each run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from domain.jobs.stock_export.ports import Entry, GoodFile, LastGood, Status
from domain.operating.ports import ActiveRun
from infra.sql.engine import fenced_transaction, reading
from infra.sql.export_tables import EXPORT_RUN
from infra.sql.instants import from_text, to_text

KEPT_DAYS = 90
"""Rows of an export go after that; the newest good one stays, for the guard compares with it."""

_GOOD = (Status.GENERATED, Status.DELIVERED)
_COLUMNS = EXPORT_RUN.c
_HAS_FILE = _COLUMNS.path.is_not(None)


class SqlExportBook:
    """The ExportBook port; ``reader`` is a read-only engine on the same database."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    def last_good(self, export_id: int) -> LastGood | None:
        with reading(self._reader) as connection:
            row = _newest(connection, export_id, *_GOOD)
        if row is None:
            return None
        return LastGood(row=row.id, file=_file(row), generated_at=from_text(row.generated_at))

    def last_delivered(self, export_id: int) -> str | None:
        with reading(self._reader) as connection:
            row = _newest(connection, export_id, Status.DELIVERED)
        return row and row.sha256

    def enter(self, entry: Entry, run: ActiveRun) -> int:
        with fenced_transaction(self._engine, run.leases) as connection:
            _forget_old(connection, entry)
            key = connection.execute(
                insert(EXPORT_RUN).values(_row(entry, run))
            ).inserted_primary_key
            run.checkpoint("entered")
        return int(key[0]) if key else 0

    def settle(self, row: int, status: Status, at: datetime, error: str, run: ActiveRun) -> None:
        delivered = {"delivered_at": to_text(at)} if status is Status.DELIVERED else {}
        change = update(EXPORT_RUN).where(_COLUMNS.id == row)
        with fenced_transaction(self._engine, run.leases) as connection:
            connection.execute(change.values(status=status, error=error, **delivered))

    def paths(self, export_id: int, newest: int) -> Sequence[str]:
        wanted = (
            select(_COLUMNS.path)
            .where(_COLUMNS.export_id == export_id, _COLUMNS.status.in_(_GOOD), _HAS_FILE)
            .order_by(_COLUMNS.id.desc())
        )
        with reading(self._reader) as connection:
            found = connection.execute(wanted).scalars()
            return list(dict.fromkeys(str(path) for path in found))[:newest]


def _newest(connection: Connection, export_id: int, *statuses: Status) -> Row[int, str] | None:
    return connection.execute(
        select(EXPORT_RUN)
        .where(_COLUMNS.export_id == export_id, _COLUMNS.status.in_(statuses), _HAS_FILE)
        .order_by(_COLUMNS.id.desc())
        .limit(1)
    ).one_or_none()


def _forget_old(connection: Connection, entry: Entry) -> None:
    newest = _newest(connection, entry.export_id, *_GOOD)
    before = to_text(entry.at - timedelta(days=KEPT_DAYS))
    old = (_COLUMNS.export_id == entry.export_id) & (_COLUMNS.at < before)
    connection.execute(delete(EXPORT_RUN).where(old, _COLUMNS.id != (newest.id if newest else 0)))


def _row(entry: Entry, run: ActiveRun) -> dict[str, object]:
    now = to_text(entry.at)
    row: dict[str, object] = {
        "run_id": run.run_id,
        "export_id": entry.export_id,
        "status": entry.status,
        "forced": entry.forced,
        "error": entry.error,
        "at": now,
    }
    if entry.told:
        row |= {
            "lines": entry.told.articles,
            "sent": entry.told.sent,
            "remaining": entry.told.remaining,
            "place": entry.told.place,
        }
    if entry.file:
        row |= {
            "sha256": entry.file.digest,
            "name": entry.file.name,
            "path": entry.file.path,
            "size_bytes": entry.file.size_bytes,
            "lines": entry.file.rows,
            "generated_at": now,
        }
    return row


def _file(row: Row[int, str]) -> GoodFile:
    return GoodFile(
        name=row.name,
        path=row.path,
        digest=row.sha256,
        rows=row.lines,
        size_bytes=row.size_bytes,
    )
