"""The shop's tables: articles, supplier stock and what its imports leave behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(length=27)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("ean", sa.String(length=14), nullable=True),
        sa.Column("maker", sa.String(length=100), nullable=True),
        sa.Column("maker_no", sa.String(length=100), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
    )
    op.create_index("ix_article_ean", "article", ["ean"], unique=False)
    op.create_index("ix_article_maker_no", "article", ["maker_no"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_mtime", INSTANT, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("review", sa.Integer(), server_default="0", nullable=False),
        sa.Column("forced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
    )
    op.create_index(
        "ix_import_run_supplier_id_id", "import_run", ["supplier_id", "id"], unique=False
    )
    op.create_table(
        "supplier_import_setting",
        sa.Column("supplier_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("document", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("supplier_id", name="pk_supplier_import_setting"),
    )
    op.create_table(
        "supplier_stock",
        sa.Column("supplier_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("supplier_article_no", sa.String(length=100), nullable=False),
        sa.Column("dot", sa.String(length=40), server_default=sa.text("''"), nullable=False),
        sa.Column("ean", sa.String(length=14), nullable=True),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("delivery_days", sa.Integer(), nullable=True),
        sa.Column("seen_run", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "supplier_id", "supplier_article_no", "dot", name="pk_supplier_stock"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_reject",
        sa.Column("import_run_id", SERIAL, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["import_run.id"], name="fk_import_reject_import_run_id_import_run"
        ),
        sa.PrimaryKeyConstraint("import_run_id", "no", name="pk_import_reject"),
    )
    op.create_table(
        "match_review",
        sa.Column("supplier_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("supplier_article_no", sa.String(length=100), nullable=False),
        sa.Column("ean", sa.String(length=14), nullable=True),
        sa.Column("maker", sa.String(length=100), nullable=True),
        sa.Column("maker_no", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("import_run_id", SERIAL, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["import_run.id"], name="fk_match_review_import_run_id_import_run"
        ),
        sa.PrimaryKeyConstraint("supplier_id", "supplier_article_no", name="pk_match_review"),
    )
    op.create_table(
        "supplier_article",
        sa.Column("supplier_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("supplier_article_no", sa.String(length=100), nullable=False),
        sa.Column("article_id", SERIAL, nullable=False),
        sa.Column("matched_by", sa.String(length=16), nullable=False),
        sa.Column("matched_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_supplier_article_article_id_article"
        ),
        sa.PrimaryKeyConstraint("supplier_id", "supplier_article_no", name="pk_supplier_article"),
    )
    op.create_index(
        "ix_supplier_article_article_id", "supplier_article", ["article_id"], unique=False
    )
    op.create_table(
        "supplier_stock_history",
        sa.Column("import_run_id", SERIAL, nullable=False),
        sa.Column("supplier_article_no", sa.String(length=100), nullable=False),
        sa.Column("dot", sa.String(length=40), nullable=False),
        sa.Column("change", sa.String(length=8), nullable=False),
        sa.Column("old_qty", sa.Integer(), nullable=True),
        sa.Column("new_qty", sa.Integer(), nullable=False),
        sa.Column("old_price_cents", sa.BigInteger(), nullable=True),
        sa.Column("new_price_cents", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_run.id"],
            name="fk_supplier_stock_history_import_run_id_import_run",
        ),
        sa.PrimaryKeyConstraint(
            "import_run_id", "supplier_article_no", "dot", name="pk_supplier_stock_history"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in (
        "supplier_stock_history",
        "supplier_article",
        "match_review",
        "import_reject",
        "supplier_stock",
        "supplier_import_setting",
        "import_run",
        "article",
    ):
        op.drop_table(name)
