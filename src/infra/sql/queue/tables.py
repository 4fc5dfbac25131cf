"""The queue's tables; instants are microseconds since 1970 by the database's clock.

A row that the legacy side writes names queue, type and payload; the database adds the rest.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from infra.sql.database_clock import INSERTED_NOW
from infra.sql.metadata import METADATA
from infra.sql.tables import LONG_TEXT, SERIAL

QUEUE_NAME, TYPE, KEY, ACTOR = String(40), String(120), String(200), String(80)
RUN_ID, ID = String(36), BigInteger()

_ZERO, _EMPTY = text("0"), text("''")


class DatabaseNow(FunctionElement[int]):
    """The database's clock as a column's default."""

    inherit_cache = True


@compiles(DatabaseNow)
def _now(_element: DatabaseNow, compiler: Any, **_: Any) -> str:
    # The driver's side of SQLAlchemy still calls MariaDB by its older name.
    name = compiler.dialect.name.replace("mysql", "mariadb")
    return f"({INSERTED_NOW[name]})"


# What the indexes know of the status: 1 waits, 2 is in flight, 3 has crashed; nothing once it is
# processed. 8: left flight by a foreign hand, which knows of no lease; 9: a word nobody knows.
# From IN_QUEUE to PROCESSING it stays, so the start of a message touches no index.
PHASE = (
    "CASE WHEN status IN ('IN_QUEUE', 'PROCESSING') THEN 2"
    " WHEN status NOT IN ('NEW', 'PROCESSED', 'CRASH') THEN 9"
    " WHEN lease_until IS NOT NULL THEN 8"
    " WHEN status = 'NEW' THEN 1 WHEN status = 'CRASH' THEN 3 END"
)
ACTIVE_KEY = "CASE WHEN status IN ('NEW', 'IN_QUEUE', 'PROCESSING') THEN dedupe_key END"
BUSY_KEY = "CASE WHEN status IN ('IN_QUEUE', 'PROCESSING') THEN entity_key END"


def _index(name: str, *columns: str, unique: bool = False) -> Index:
    """Index the rows that have a value, where a database can leave out others."""
    told = text(f"{name.partition('_queue_')[2]} IS NOT NULL")
    return Index(name, *columns, unique=unique, postgresql_where=told, sqlite_where=told)


QUEUE = Table(
    "queue",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("queue", QUEUE_NAME, nullable=False),
    Column("direction", String(8), nullable=False, server_default=text("'incoming'")),
    Column("type", TYPE, nullable=False),
    Column("priority", SmallInteger, nullable=False, server_default=text("5")),
    Column("entity_key", KEY),
    Column("dedupe_key", KEY),
    Column("status", String(20), nullable=False, server_default=text("'NEW'")),
    Column("status_since", ID, nullable=False, server_default=DatabaseNow()),
    Column("available_at", ID, nullable=False, server_default=DatabaseNow()),
    Column("claim_no", ID, nullable=False, server_default=_ZERO),
    Column("run_id", RUN_ID),
    Column("lease_until", ID),
    Column("attempts", Integer, nullable=False, server_default=_ZERO),
    Column("max_attempts", Integer, nullable=False, server_default=text("3")),
    Column("give_backs", Integer, nullable=False, server_default=_ZERO),
    Column("rescues", Integer, nullable=False, server_default=_ZERO),
    Column("first_rescue_at", ID),
    Column("crash_reason", String(10)),
    Column("fingerprint", String(16)),
    Column("correlation_id", KEY, nullable=False, server_default=_EMPTY),
    Column("created_at", ID, nullable=False, server_default=DatabaseNow()),
    Column("created_by", ACTOR, nullable=False, server_default=text("'legacy'")),
    Column("finished_at", ID),
    Column("phase", SmallInteger, Computed(PHASE, persisted=True)),
    Column("active_key", KEY, Computed(ACTIVE_KEY, persisted=True)),
    Column("busy_key", KEY, Computed(BUSY_KEY, persisted=True)),
    Column("error", LONG_TEXT),
    Column("payload", LONG_TEXT, nullable=False),
    CheckConstraint("direction IN ('incoming', 'outgoing')", name="direction"),
    CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
    # Type before priority: what is paused is not even looked at, however much of it waits.
    _index(
        "ix_queue_phase", *("queue", "phase", "type", "direction", "priority"), "available_at", "id"
    ),
    _index("uq_queue_active_key", "queue", "active_key", unique=True),
    _index("uq_queue_busy_key", "queue", "busy_key", unique=True),
    _index("ix_queue_fingerprint", "queue", "fingerprint"),
)

QUEUE_HISTORY = Table(
    "queue_history",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("message_id", ID, nullable=False),
    Column("at", ID, nullable=False, server_default=DatabaseNow()),
    Column("move", String(20), nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("run_id", RUN_ID),
    Column("detail", LONG_TEXT, nullable=False),
    Index("ix_queue_history_message_id", "message_id"),
)

# An empty type stands for the whole queue.
QUEUE_PAUSE = Table(
    "queue_pause",
    METADATA,
    Column("queue", QUEUE_NAME, primary_key=True),
    Column("type", TYPE, primary_key=True, server_default=_EMPTY),
    Column("actor", ACTOR, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", ID, nullable=False, server_default=DatabaseNow()),
    Column("until", ID),
)

# A queue without a row is ours.
QUEUE_OWNER = Table(
    "queue_owner",
    METADATA,
    Column("queue", QUEUE_NAME, primary_key=True),
    Column("owner", String(10), nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", ID, nullable=False, server_default=DatabaseNow()),
    CheckConstraint("owner IN ('crontract', 'legacy')", name="owner"),
)

QUEUE_COUNTER = Table(
    "queue_counter",
    METADATA,
    Column("queue", QUEUE_NAME, primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", ID, nullable=False),
)
