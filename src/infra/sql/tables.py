"""The shop's tables that supplier imports read and write.

Instants are UTC text ``YYYY-MM-DDTHH:MM:SS.ffffffZ``: sortable and equal on every database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from infra.sql.metadata import METADATA

INSTANT = String(27)
ARTICLE_NO = NAME = String(100)
LONG_TEXT = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")  # TEXT ends there at 64 KiB
SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself

ARTICLE = Table(
    "article",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("ean", String(14)),
    Column("maker", NAME),
    Column("maker_no", NAME),
    Column("name", String(255), nullable=False),
    Index(None, "ean"),
    Index(None, "maker_no"),
)

SUPPLIER_ARTICLE = Table(
    "supplier_article",
    METADATA,
    Column("supplier_id", Integer, primary_key=True, autoincrement=False),
    Column("supplier_article_no", ARTICLE_NO, primary_key=True),
    Column("article_id", SERIAL, ForeignKey("article.id"), nullable=False),
    Column("matched_by", String(16), nullable=False),
    Column("matched_at", INSTANT, nullable=False),
    Index(None, "article_id"),
)

SUPPLIER_IMPORT_SETTING = Table(
    "supplier_import_setting",
    METADATA,
    Column("supplier_id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(120), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("document", LONG_TEXT, nullable=False),
)

# Clustered by its key on SQLite too: an import walks file and stock in one order, so a million
# rows are compared without a jump, and the table needs no second index.
SUPPLIER_STOCK = Table(
    "supplier_stock",
    METADATA,
    Column("supplier_id", Integer, primary_key=True, autoincrement=False),
    Column("supplier_article_no", ARTICLE_NO, primary_key=True),
    Column("dot", String(40), primary_key=True, server_default=text("''")),
    Column("ean", String(14)),
    Column("qty", Integer, nullable=False),
    Column("price_cents", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("delivery_days", Integer),
    # The import that last wrote the row; a line that changes nothing leaves its row untouched.
    Column("seen_run", BigInteger, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    sqlite_with_rowid=False,
)

IMPORT_RUN = Table(
    "import_run",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("supplier_id", Integer, nullable=False),
    # booked, unchanged, zeroed (the file was too old for too long), failed
    Column("status", String(12), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("file_name", String(255)),
    Column("file_size", BigInteger),
    Column("file_mtime", INSTANT),
    Column("sha256", String(64)),
    Column("lines", Integer, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("gone", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("review", Integer, nullable=False, server_default="0"),
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("started_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT, nullable=False),
    Index(None, "supplier_id", "id"),
)

# Found by import first: an article's past is its supplier's runs, each one look-up. An index by
# article would cost every import as much as the rows themselves.
SUPPLIER_STOCK_HISTORY = Table(
    "supplier_stock_history",
    METADATA,
    Column("import_run_id", SERIAL, ForeignKey("import_run.id"), primary_key=True),
    Column("supplier_article_no", ARTICLE_NO, primary_key=True),
    Column("dot", String(40), primary_key=True),
    Column("change", String(8), nullable=False),
    Column("old_qty", Integer),
    Column("new_qty", Integer, nullable=False),
    Column("old_price_cents", BigInteger),
    Column("new_price_cents", BigInteger),
    sqlite_with_rowid=False,
)

IMPORT_REJECT = Table(
    "import_reject",
    METADATA,
    Column("import_run_id", SERIAL, ForeignKey("import_run.id"), primary_key=True),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("supplier_id", Integer, nullable=False),
    Column("reason", String(255), nullable=False),
    Column("raw", Text, nullable=False),
)

MATCH_REVIEW = Table(
    "match_review",
    METADATA,
    Column("supplier_id", Integer, primary_key=True, autoincrement=False),
    Column("supplier_article_no", ARTICLE_NO, primary_key=True),
    Column("ean", String(14)),
    Column("maker", NAME),
    Column("maker_no", NAME),
    # unknown: no article fits; ambiguous: several do
    Column("reason", String(12), nullable=False),
    Column("import_run_id", SERIAL, ForeignKey("import_run.id"), nullable=False),
    Column("queued_at", INSTANT, nullable=False),
)
