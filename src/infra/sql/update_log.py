"""The update log as its cleaner sees it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine, text

from domain.cleaning.stretches import Stretch
from domain.jobs.log_cleaning.ports import LOG, Entry
from domain.operating.ports import ActiveRun
from infra.sql.aging import AgingTable, database_now
from infra.sql.engine import fenced_transaction, reading

_COLUMNS = 'id, at, actor, table_name, row_id, "change"'

_AT_BETWEEN = text(f"SELECT id, at FROM {LOG} WHERE id >= :first AND id <= :last")  # noqa: S608 - the table's own name


class _OthersThereError(Exception):
    """Rolls back: the rows are not those that were archived."""


class SqlUpdateLog:
    """The UpdateLog port; ``reader`` may be read-only."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    def now(self) -> datetime:
        return database_now(self._reader)

    def before(self, cutoff: datetime) -> AgingTable:
        return AgingTable((self._engine, self._reader), LOG, "at", cutoff)

    def read(self, part: Stretch[str], cutoff: datetime) -> Sequence[Entry]:
        rows = self.before(cutoff)
        select = text(f"SELECT {_COLUMNS} {rows.old_rows} ORDER BY id")
        with reading(self._reader) as connection:
            found = connection.execute(select, rows.ends_of(part)).mappings().all()
        return [dict(row) for row in found]

    def delete_just(
        self, part: Stretch[str], cutoff: datetime, ids: Iterable[int], run: ActiveRun
    ) -> float | None:
        rows, began = self.before(cutoff), time.monotonic()
        delete = text(f"DELETE {rows.old_rows} RETURNING id")
        try:
            with fenced_transaction(self._engine, run.leases) as connection:
                gone = connection.execute(delete, rows.ends_of(part)).scalars().all()
                run.checkpoint("deleting")
                _check_same(gone, ids)
        except _OthersThereError:
            return None
        return time.monotonic() - began

    def are_there(self, entries: Sequence[Entry]) -> bool:
        ids = [entry["id"] for entry in entries]
        ends = {"first": min(ids), "last": max(ids)}
        with reading(self._reader) as connection:
            there = {(row.id, row.at) for row in connection.execute(_AT_BETWEEN, ends)}
        return there.issuperset((entry["id"], entry["at"]) for entry in entries)


def _check_same(gone: Iterable[int], ids: Iterable[int]) -> None:
    if set(gone) != set(ids):
        raise _OthersThereError
