"""Platforms, the orders that they gave, and the shop's own orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    _platforms(now)
    _inbox(now)
    _orders()


def _platforms(now: sa.TextClause) -> None:
    op.create_table(
        "platform",
        sa.Column("platform_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("document", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("platform_id", name="pk_platform"),
    )
    op.create_table(
        "platform_cursor",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("watermark", sa.String(length=27), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("platform", name="pk_platform_cursor"),
    )
    op.create_table(
        "platform_state",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rests_until", sa.BigInteger(), nullable=True),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("is_asking", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("platform", name="pk_platform_state"),
    )
    op.create_table(
        "platform_call",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_platform_call"),
    )
    op.create_index("ix_platform_call_platform_at", "platform_call", ["platform", "at"])


def _inbox(now: sa.TextClause) -> None:
    op.create_table(
        "platform_order_inbox",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("version_hash", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("raw", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_platform_order_inbox"),
    )
    op.create_index(
        "uq_platform_order_inbox_version",
        "platform_order_inbox",
        ["platform", "external_id", "version_hash"],
        unique=True,
    )
    op.create_index("ix_platform_order_inbox_status_id", "platform_order_inbox", ["status", "id"])


def _orders() -> None:
    op.create_table(
        "shop_order",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("platform_state", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", sa.String(length=27), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("billing", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_shop_order"),
    )
    op.create_index("ix_shop_order_state_ordered_at", "shop_order", ["state", "ordered_at"])
    op.create_table(
        "shop_order_line",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", "line", name="pk_shop_order_line"),
    )


def downgrade() -> None:
    for table in (
        *("shop_order_line", "shop_order", "platform_order_inbox"),
        *("platform_call", "platform_state", "platform_cursor", "platform"),
    ):
        op.drop_table(table)
