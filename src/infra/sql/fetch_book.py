"""What was fetched from partners for each supplier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.jobs.supplier_import.fetching import Fetched
from domain.operating.ports import ActiveRun
from infra.sql.connection import Database
from infra.sql.fence import fenced

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

_ALL = "SELECT name, size_bytes, modified_at, sha256 FROM supplier_fetch WHERE supplier_id = :id"
_FORGET = "DELETE FROM supplier_fetch WHERE supplier_id = :supplier_id AND name = :name"


class SqlFetchBook:
    """The FetchBook port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fetched(self, supplier_id: int) -> Mapping[str, Fetched]:
        rows = self._database.rows(_ALL, id=supplier_id)
        return {
            str(row["name"]): Fetched(
                name=str(row["name"]),
                size_bytes=int(row["size_bytes"]),
                modified=_instant(row["modified_at"]),
                digest=str(row["sha256"]),
            )
            for row in rows
        }

    def note(self, supplier_id: int, fetched: Fetched, run: ActiveRun) -> None:
        key = {"supplier_id": supplier_id, "name": fetched.name}
        row = {
            "size_bytes": fetched.size_bytes,
            "modified_at": _micros(fetched.modified),
            "sha256": fetched.digest,
            "run_id": run.run_id,
        }
        with fenced(self._database, run.leases) as transaction:
            transaction.execute(_FORGET, key)
            transaction.insert("supplier_fetch", {**key, **row})


def _micros(modified: datetime | None) -> int | None:
    return None if modified is None else (modified - _EPOCH) // _MICROSECOND


def _instant(micros: Any) -> datetime | None:
    return None if micros is None else _EPOCH + int(micros) * _MICROSECOND
