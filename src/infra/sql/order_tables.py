"""Orders pulled from platforms (CR-008): where they come from, as they came, and as the shop's own.

What a run decides by (limits, rests) is in microseconds since 1970 by the database's clock, as in
the queue's tables; what is said of an order are instants in UTC text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import INSTANT, LONG_TEXT, NAME, SERIAL

PLATFORM_ID, EXTERNAL_ID, VERSION = String(40), String(100), String(64)

PLATFORM = Table(
    "platform",
    METADATA,
    Column("platform_id", PLATFORM_ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("document", LONG_TEXT, nullable=False),
)

# How far a platform was read; `counter` is the last stored block where it numbers blocks.
PLATFORM_CURSOR = Table(
    "platform_cursor",
    METADATA,
    Column("platform", PLATFORM_ID, primary_key=True),
    Column("watermark", INSTANT),
    Column("counter", BigInteger),
)

# Shared by all runs on all hosts: the circuit breaker, what the platform forbids, and whether an
# answer that it gives only once is still on its way.
PLATFORM_STATE = Table(
    "platform_state",
    METADATA,
    Column("platform", PLATFORM_ID, primary_key=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False),
    Column("rests_until", BigInteger),
    Column("blocked_until", BigInteger),
    Column("is_asking", Boolean, nullable=False),
)

PLATFORM_CALL = Table(
    "platform_call",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("platform", PLATFORM_ID, nullable=False),
    Column("at", BigInteger, nullable=False, server_default=DatabaseNow()),
    Index(None, "platform", "at"),
)

# Every version of every order as the platform gave it.
PLATFORM_ORDER_INBOX = Table(
    "platform_order_inbox",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("platform", PLATFORM_ID, nullable=False),
    Column("external_id", EXTERNAL_ID, nullable=False),
    Column("version_hash", VERSION, nullable=False),
    Column("received_at", BigInteger, nullable=False, server_default=DatabaseNow()),
    # The shape of the text, and the zone of its times that name none.
    Column("format", String(20), nullable=False),
    Column("zone", String(40), nullable=False),
    # NEW, PROCESSED, SUPERSEDED (a later version was faster), QUARANTINE
    Column("status", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("raw", LONG_TEXT, nullable=False),
    Index(
        "uq_platform_order_inbox_version", "platform", "external_id", "version_hash", unique=True
    ),
    Index(None, "status", "id"),
)

SHOP_ORDER = Table(
    "shop_order",
    METADATA,
    Column("platform", PLATFORM_ID, primary_key=True),
    Column("external_id", EXTERNAL_ID, primary_key=True),
    Column("number", EXTERNAL_ID, nullable=False),
    # open, completed, cancelled; beside it the platform's own word
    Column("state", String(12), nullable=False),
    Column("platform_state", String(100), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    Column("ordered_at", INSTANT, nullable=False),
    Column("customer", String(255), nullable=False),
    Column("email", String(255), nullable=False),
    # JSON; empty where the platform gives none
    Column("billing", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("inbox_id", BigInteger, nullable=False),
    Index(None, "state", "ordered_at"),
)

SHOP_ORDER_LINE = Table(
    "shop_order_line",
    METADATA,
    Column("platform", PLATFORM_ID, primary_key=True),
    Column("external_id", EXTERNAL_ID, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("article", EXTERNAL_ID, nullable=False),
    Column("name", String(255), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)
