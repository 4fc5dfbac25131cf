"""The queue: messages, what befell them, pauses, owners and counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_PHASE = (
    "CASE WHEN status IN ('IN_QUEUE', 'PROCESSING') THEN 2"
    " WHEN status NOT IN ('NEW', 'PROCESSED', 'CRASH') THEN 9"
    " WHEN lease_until IS NOT NULL THEN 8"
    " WHEN status = 'NEW' THEN 1 WHEN status = 'CRASH' THEN 3 END"
)
_ACTIVE_KEY = "CASE WHEN status IN ('NEW', 'IN_QUEUE', 'PROCESSING') THEN dedupe_key END"
_BUSY_KEY = "CASE WHEN status IN ('IN_QUEUE', 'PROCESSING') THEN entity_key END"

_INDEXES = (
    ("ix_queue_phase", "queue phase type direction priority available_at id"),
    ("uq_queue_active_key", "queue active_key"),
    ("uq_queue_busy_key", "queue busy_key"),
    ("ix_queue_fingerprint", "queue fingerprint"),
)

# Until they are vacuumed a claim walks over the entries of what was processed. By default that is
# a fifth of the table, which keeps millions of finished messages.
_VACUUM = (
    "ALTER TABLE queue SET (autovacuum_vacuum_scale_factor = 0.01,"
    " autovacuum_vacuum_threshold = 20000)"
)


def upgrade() -> None:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    _create_queue(now)
    _create_history(now)
    _create_settings(now)


def downgrade() -> None:
    for table in ("queue_counter", "queue_owner", "queue_pause", "queue_history", "queue"):
        op.drop_table(table)


def _create_queue(now: sa.TextClause) -> None:
    op.create_table(
        "queue",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column(
            "direction", sa.String(length=8), server_default=sa.text("'incoming'"), nullable=False
        ),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column("entity_key", sa.String(length=200), nullable=True),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), server_default=sa.text("'NEW'"), nullable=False),
        sa.Column("status_since", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("available_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("claim_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("give_backs", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rescues", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_rescue_at", sa.BigInteger(), nullable=True),
        sa.Column("crash_reason", sa.String(length=10), nullable=True),
        sa.Column("fingerprint", sa.String(length=16), nullable=True),
        sa.Column(
            "correlation_id", sa.String(length=200), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("created_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column(
            "created_by", sa.String(length=80), server_default=sa.text("'legacy'"), nullable=False
        ),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("phase", sa.SmallInteger(), sa.Computed(_PHASE, persisted=True)),
        sa.Column("active_key", sa.String(length=200), sa.Computed(_ACTIVE_KEY, persisted=True)),
        sa.Column("busy_key", sa.String(length=200), sa.Computed(_BUSY_KEY, persisted=True)),
        sa.Column("error", _LONG_TEXT, nullable=True),
        sa.Column("payload", _LONG_TEXT, nullable=False),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("ck_queue_ck_queue_priority")),
        sa.CheckConstraint(
            "direction IN ('incoming', 'outgoing')", name=op.f("ck_queue_ck_queue_direction")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_queue"),
    )
    for name, columns in _INDEXES:
        names = columns.split()
        # Where a database can leave out rows, it keeps those that have a value.
        told = sa.text(f"{name.partition('_queue_')[2]} IS NOT NULL")
        op.create_index(
            name,
            "queue",
            names,
            unique=name.startswith("uq"),
            postgresql_where=told,
            sqlite_where=told,
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_VACUUM)


def _create_history(now: sa.TextClause) -> None:
    op.create_table(
        "queue_history",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("move", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("detail", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queue_history"),
    )
    op.create_index("ix_queue_history_message_id", "queue_history", ["message_id"], unique=False)


def _create_settings(now: sa.TextClause) -> None:
    op.create_table(
        "queue_pause",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("queue", "type", name="pk_queue_pause"),
    )
    op.create_table(
        "queue_owner",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), server_default=now, nullable=False),
        sa.CheckConstraint(
            "owner IN ('crontract', 'legacy')", name=op.f("ck_queue_owner_ck_queue_owner_owner")
        ),
        sa.PrimaryKeyConstraint("queue", name="pk_queue_owner"),
    )
    op.create_table(
        "queue_counter",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "name", name="pk_queue_counter"),
    )
