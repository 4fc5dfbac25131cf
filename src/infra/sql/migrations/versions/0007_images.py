"""Article images: batch files taken in, what became of each image, files to be deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    op.create_table(
        "image_batch_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_image_batch_file"),
    )
    op.create_table(
        "article_image",
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.Column("image_key", sa.String(length=64), nullable=False),
        sa.Column("image", sa.String(length=1000), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("renditions", _LONG_TEXT, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("article", "image_key", name="pk_article_image"),
    )
    op.create_index("ix_article_image_status", "article_image", ["status"], unique=False)
    op.create_table(
        "image_obsolete",
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("since", sa.BigInteger(), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_image_obsolete"),
    )


def downgrade() -> None:
    for table in ("image_obsolete", "article_image", "image_batch_file"):
        op.drop_table(table)
