"""What CR-007 and CR-011 clean, and the account that CR-011 gives of it.

Instants are microseconds since 1970 by the database's clock, as in the queue's tables. No index
knows them: rows come in about the order of their keys, and an index would cost every one of them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import LONG_TEXT, SERIAL

AT = BigInteger()

# An id names a row in the archive for ever: SQLite must not give it to another one.
LOG_UPDATE = Table(
    "log_update",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("at", AT, nullable=False, server_default=DatabaseNow()),
    Column("actor", String(80), nullable=False),
    Column("table_name", String(64), nullable=False),
    Column("row_id", String(64), nullable=False),
    Column("change", LONG_TEXT, nullable=False),
    sqlite_autoincrement=True,
)

# The answer to a search: the ids of the articles that it found.
ARTICLE_SEARCH_CACHE = Table(
    "article_search_cache",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("search_key", String(64), nullable=False),
    Column("articles", LONG_TEXT, nullable=False),
    Column("created_at", AT, nullable=False, server_default=DatabaseNow()),
    Index(None, "search_key"),
)

ARTICLE_POPULAR_CACHE = Table(
    "article_popular_cache",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("article_id", AT, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("created_at", AT, nullable=False, server_default=DatabaseNow()),
    Index(None, "article_id"),
)

SYSTEM_CLEAN_AUDIT = Table(
    "system_clean_audit",
    METADATA,
    Column("run_id", String(36), primary_key=True),
    Column("operation", String(64), primary_key=True),
    # From the oldest row there was to the cutoff; none where the table was empty.
    Column("window_from", AT),
    Column("window_to", AT),
    Column("candidates", BigInteger, nullable=False, server_default=text("0")),
    Column("deleted", BigInteger, nullable=False, server_default=text("0")),
    Column("kept", BigInteger, nullable=False, server_default=text("0")),
    Column("duration_ms", BigInteger, nullable=False, server_default=text("0")),
    # running, done, unfinished (its time was over), failed, interrupted (its run died)
    Column("status", String(12), nullable=False),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("at", AT, nullable=False, server_default=DatabaseNow()),
)
