"""Customers, the licences of their shops, and the ledger of reminders (CR-003).

Days are texts ``YYYY-MM-DD``; instants are microseconds since 1970 by the database's clock.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import SERIAL

CUSTOMER = Table(
    "customer",
    METADATA,
    Column("customer_id", SERIAL, primary_key=True),
    Column("email", String(320)),
    Column("name", String(255)),
    Column("language", String(16)),
    Column("active", Boolean, nullable=False),
)

# Without a foreign key: a licence whose customer is gone is reported, not refused.
MINISHOP_LICENSE = Table(
    "minishop_license",
    METADATA,
    Column("license_id", SERIAL, primary_key=True),
    Column("customer_id", SERIAL, nullable=False),
    Column("valid_until", String(10)),  # the last day; without one it does not end
    Column("status", String(16), nullable=False),
    Index(None, "valid_until"),
)

LICENSE_NOTIFICATION = Table(
    "license_notification",
    METADATA,
    Column("license_id", SERIAL, primary_key=True, autoincrement=False),
    Column("valid_until", String(10), primary_key=True),
    Column("offset_days", Integer, primary_key=True, autoincrement=False),
    # SENDING, SENT, SUPERSEDED, DEFERRED (not taken, tried again), REFUSED (not by this
    # recipient), UNKNOWN (begun twice, never seen to end)
    Column("status", String(12), nullable=False),
    # Whom it was for, told apart without keeping the address a second time.
    Column("recipient_sha256", String(64), nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("run_id", String(36), nullable=False),
    Column("claimed_at", BigInteger, nullable=False, server_default=DatabaseNow()),
    Column("sent_at", BigInteger),
    Column("error", Text, nullable=False, server_default=text("''")),
)
