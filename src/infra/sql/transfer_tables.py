"""Sets of files sent to partners (CR-013), and suppliers' files fetched from them (CR-009, 010).

Instants are microseconds since 1970 by the database's clock, as in the queue's tables.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import SERIAL

SHA256, FILE_NAME = String(64), String(255)

# One row per set that arrived whole; a set that failed is in its run's record.
TRANSFER_RUN = Table(
    "transfer_run",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(36), nullable=False),
    # What was sent, by the job's own word ("simulator"), and the partner that it went to.
    Column("subject", String(40), nullable=False),
    Column("partner", String(40), nullable=False),
    Column("sha256", SHA256, nullable=False),
    Column("sent_at", BigInteger, nullable=False, server_default=DatabaseNow()),
    Index(None, "subject", "partner", "id"),
)

TRANSFER_FILE = Table(
    "transfer_file",
    METADATA,
    Column("transfer_run_id", SERIAL, ForeignKey("transfer_run.id"), primary_key=True),
    Column("name", FILE_NAME, primary_key=True),
    # "lines" is a word of MariaDB.
    Column("line_count", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", SHA256, nullable=False),
)

# The newest file of each name that was fetched for a supplier, as its partner's listing told it.
SUPPLIER_FETCH = Table(
    "supplier_fetch",
    METADATA,
    Column("supplier_id", Integer, primary_key=True, autoincrement=False),
    Column("name", FILE_NAME, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_at", BigInteger),
    Column("sha256", SHA256, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("fetched_at", BigInteger, nullable=False, server_default=DatabaseNow()),
)
