"""Stock exports (CR-002): what is sent where, at which price, and what was sent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from infra.sql.metadata import METADATA
from infra.sql.tables import INSTANT, LONG_TEXT, NAME, SERIAL

EXPORT_SETTING = Table(
    "export_setting",
    METADATA,
    Column("export_id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(120), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("document", LONG_TEXT, nullable=False),
)

# The first rule of a group that fits an offer makes its price; NULL fits every one.
PRICE_RULE = Table(
    "price_rule",
    METADATA,
    Column("price_group", String(40), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("supplier_id", Integer),
    Column("maker", NAME),
    Column("from_cents", BigInteger, nullable=False),
    # 1250 is 12.5 percent on the supplier's price
    Column("percent_hundredths", Integer, nullable=False),
    Column("plus_cents", BigInteger, nullable=False),
)

EXPORT_RUN = Table(
    "export_run",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("export_id", Integer, nullable=False),
    # generated (a good file, not delivered yet), delivered, refused (by a guard), failed
    Column("status", String(12), nullable=False),
    Column("sha256", String(64)),
    Column("name", String(255)),
    Column("path", String(255)),
    Column("size_bytes", BigInteger),
    # articles in the file; of a marketplace: compared, sent, and left for the next run
    Column("lines", Integer, nullable=False, server_default="0"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("remaining", Integer, nullable=False, server_default="0"),
    # the article after which the next run to a marketplace goes on
    Column("place", BigInteger),
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("generated_at", INSTANT),
    Column("delivered_at", INSTANT),
    Column("at", INSTANT, nullable=False),
    Index(None, "export_id", "id"),
)

# What a marketplace last accepted of each article, in its own words; a refusal is remembered with
# what it refused, so that the same is not sent again and again.
EXPORT_SENT = Table(
    "export_sent",
    METADATA,
    Column("export_id", Integer, primary_key=True, autoincrement=False),
    Column("article_id", BigInteger, primary_key=True, autoincrement=False),
    Column("said", Text, nullable=False),
    Column("refusal", String(255), nullable=False, server_default=text("''")),
    Column("at", INSTANT, nullable=False),
)
