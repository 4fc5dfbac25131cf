"""Customers and their licences, the ledger of reminders; page hits and their counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    _licences(now)
    _counters(now)


def _licences(now: sa.TextClause) -> None:
    op.create_table(
        "customer",
        sa.Column("customer_id", _SERIAL, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customer"),
    )
    op.create_table(
        "minishop_license",
        sa.Column("license_id", _SERIAL, nullable=False),
        sa.Column("customer_id", _SERIAL, nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("license_id", name="pk_minishop_license"),
    )
    op.create_index("ix_minishop_license_valid_until", "minishop_license", ["valid_until"])
    op.create_table(
        "license_notification",
        sa.Column("license_id", _SERIAL, nullable=False, autoincrement=False),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("offset_days", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("recipient_sha256", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint(
            "license_id", "valid_until", "offset_days", name="pk_license_notification"
        ),
    )


def _counters(now: sa.TextClause) -> None:
    op.create_table(
        "pagehit",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=True),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=255), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("inserted_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pagehit"),
    )
    op.create_index("ix_pagehit_ts", "pagehit", ["ts"])
    for table, length in (("counter_hourly", 17), ("counter_daily", 10)):
        op.create_table(
            table,
            sa.Column("bucket", sa.String(length=length), nullable=False),
            sa.Column("kind", sa.String(length=12), nullable=False),
            sa.Column("key", sa.String(length=500), nullable=False),
            sa.Column("hits", sa.BigInteger(), nullable=False),
            sa.Column("visitors", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("bucket", "kind", "key", name=f"pk_{table}"),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "dwh_watermark",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_ts", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_dwh_watermark"),
    )


def downgrade() -> None:
    for table in (
        *("dwh_watermark", "counter_daily", "counter_hourly", "pagehit"),
        *("license_notification", "minishop_license", "customer"),
    ):
        op.drop_table(table)
