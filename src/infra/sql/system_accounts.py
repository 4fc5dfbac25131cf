"""The article caches as CR-011 sees them, and the account of each of its operations."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, text

from domain.cleaning.stretches import Batch, Stretch
from domain.jobs.system_cleaning.ports import Account
from domain.operating.ports import ActiveRun
from infra.sql.aging import AgingTable, database_now
from infra.sql.database_clock import NOW
from infra.sql.engine import fenced_transaction, kind_of, reading
from infra.sql.queue.messages import instant_of, microseconds_of

TABLES: Mapping[str, str] = {
    "article-search-cache": "article_search_cache",
    "article-popular-cache": "article_popular_cache",
}

_MINE = "WHERE run_id = :run_id AND operation = :operation"

# The lock is ours: whoever left an account open is dead.
_CLOSE_OPEN = text(
    "UPDATE system_clean_audit SET status = 'interrupted'"
    " WHERE status = 'running' AND operation = :operation"
)
_GO_ON = text(
    f"UPDATE system_clean_audit SET status = 'running', window_to = :cutoff {_MINE}"  # noqa: S608 - our own words
)
_OPEN = text(
    "INSERT INTO system_clean_audit (run_id, operation, window_to, status)"
    " VALUES (:run_id, :operation, :cutoff, 'running')"
)
_COUNT = text(
    f"UPDATE system_clean_audit SET deleted = deleted + :rows {_MINE}"  # noqa: S608 - our own words
)
_CLOSE = """
    UPDATE system_clean_audit SET window_from = :oldest, candidates = deleted + :remaining,
        kept = :kept, duration_ms = ({now} - at) / 1000, status = :status, error = :error
"""


class SqlAccounts:
    """The Accounts port; ``reader`` may be read-only: a dry run never opens the other engine."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    def now(self) -> datetime:
        return database_now(self._reader)

    def oldest(self, operation: str) -> datetime | None:
        oldest = text(f"SELECT MIN(created_at) FROM {TABLES[operation]}")  # noqa: S608 - our own tables
        with reading(self._reader) as connection:
            found = connection.execute(oldest).scalar_one()
        return None if found is None else instant_of(found)

    def rows(self, operation: str, cutoff: datetime) -> CountedRows:
        engines = self._engine, self._reader
        table = AgingTable(engines, TABLES[operation], "created_at", cutoff)
        return CountedRows(self._engine, table, operation)

    def begin(self, operation: str, cutoff: datetime, run: ActiveRun) -> None:
        values = {"cutoff": microseconds_of(cutoff), **_names(operation, run)}
        with fenced_transaction(self._engine, run.leases) as connection:
            connection.execute(_CLOSE_OPEN, {"operation": operation})
            if not connection.execute(_GO_ON, values).rowcount:
                connection.execute(_OPEN, values)

    def end(
        self, operation: str, account: Account, oldest: datetime | None, run: ActiveRun
    ) -> None:
        values = {
            "oldest": None if oldest is None else microseconds_of(oldest),
            "remaining": account.remaining,
            "kept": account.kept,
            "status": account.ended.value,
            "error": account.error,
            **_names(operation, run),
        }
        with fenced_transaction(self._engine, run.leases) as connection:
            close = f"{_CLOSE.format(now=NOW[kind_of(connection)])} {_MINE}"
            connection.execute(text(close), values)


class CountedRows:
    """Old rows whose deletion and its account are one transaction."""

    def __init__(self, engine: Engine, table: AgingTable, operation: str) -> None:
        self._engine, self._table, self._operation = engine, table, operation

    def look(self, after: int, most: int) -> Stretch[str] | None:
        return self._table.look(after, most)

    def delete(self, part: Stretch[str], run: ActiveRun) -> Batch[str]:
        began = time.monotonic()
        with fenced_transaction(self._engine, run.leases) as connection:
            deleted = self._table.delete_in(connection, part)
            connection.execute(_COUNT, {"rows": deleted, **_names(self._operation, run)})
            run.checkpoint("deleting")
        return Batch(deleted={self._table.table: deleted}, seconds=time.monotonic() - began)


def _names(operation: str, run: ActiveRun) -> Mapping[str, str]:
    return {"run_id": run.run_id, "operation": operation}
