"""Page hits as the shop writes them, and what is counted of them (CR-004).

Instants are microseconds since 1970; ``inserted_at`` is by the database's clock.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import SERIAL

PATH = String(500)
"""MariaDB and PostgreSQL take it as a part of a key."""

PAGEHIT = Table(
    "pagehit",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("ts", BigInteger, nullable=False),
    Column("path", PATH, nullable=False),  # without the query, which may hold what is private
    Column("article_id", BigInteger),
    Column("session", String(64), nullable=False),
    Column("agent", String(255), nullable=False),
    Column("status", Integer, nullable=False),
    # An id may become visible after a greater one: only what is a while old is counted.
    Column("inserted_at", BigInteger, nullable=False, server_default=DatabaseNow()),
    Index(None, "ts"),
)


def _counter(name: str, bucket: int) -> Table:
    return Table(
        name,
        METADATA,
        Column("bucket", String(bucket), primary_key=True),
        Column("kind", String(12), primary_key=True),
        Column("key", PATH, primary_key=True),
        Column("hits", BigInteger, nullable=False),
        Column("visitors", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


COUNTER_HOURLY = _counter("counter_hourly", len("2026-11-21T03:00Z"))
COUNTER_DAILY = _counter("counter_daily", len("2026-11-21"))

DWH_WATERMARK = Table(
    "dwh_watermark",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("last_id", BigInteger, nullable=False),
    Column("last_ts", BigInteger, nullable=False),
    Column("run_id", String(36), nullable=False),
)
