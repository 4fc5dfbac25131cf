"""Stock exports: settings, price rules, runs, what marketplaces accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "export_setting",
        sa.Column("export_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("document", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("export_id", name="pk_export_setting"),
    )
    op.create_table(
        "price_rule",
        sa.Column("price_group", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("maker", sa.String(length=100), nullable=True),
        sa.Column("from_cents", sa.BigInteger(), nullable=False),
        sa.Column("percent_hundredths", sa.Integer(), nullable=False),
        sa.Column("plus_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("price_group", "place", name="pk_price_rule"),
    )
    _create_runs()
    op.create_table(
        "export_sent",
        sa.Column("export_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("refusal", sa.String(length=255), server_default=sa.text("''"), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("export_id", "article_id", name="pk_export_sent"),
    )


def _create_runs() -> None:
    op.create_table(
        "export_run",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("path", sa.String(length=255), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("remaining", sa.Integer(), server_default="0", nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("forced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("generated_at", _INSTANT, nullable=True),
        sa.Column("delivered_at", _INSTANT, nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_export_run"),
    )
    op.create_index("ix_export_run_export_id_id", "export_run", ["export_id", "id"], unique=False)


def downgrade() -> None:
    for table in ("export_sent", "export_run", "price_rule", "export_setting"):
        op.drop_table(table)
