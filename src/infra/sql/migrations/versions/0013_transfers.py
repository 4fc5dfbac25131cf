"""Sets of files sent to partners, and suppliers' files fetched from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
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
    op.create_table(
        "transfer_run",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transfer_run"),
    )
    op.create_index(
        "ix_transfer_run_subject_partner_id", "transfer_run", ["subject", "partner", "id"]
    )
    op.create_table(
        "transfer_file",
        sa.Column("transfer_run_id", _SERIAL, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_run_id"],
            ["transfer_run.id"],
            name="fk_transfer_file_transfer_run_id_transfer_run",
        ),
        sa.PrimaryKeyConstraint("transfer_run_id", "name", name="pk_transfer_file"),
    )
    op.create_table(
        "supplier_fetch",
        sa.Column("supplier_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("supplier_id", "name", name="pk_supplier_fetch"),
    )


def downgrade() -> None:
    for table in ("supplier_fetch", "transfer_file", "transfer_run"):
        op.drop_table(table)
