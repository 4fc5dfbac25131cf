"""The update log, the article caches, and the account of their cleaning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str) -> sa.Column[int]:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    return sa.Column(name, sa.BigInteger(), server_default=now, nullable=False)


def _serial() -> sa.Column[int]:
    return sa.Column("id", _SERIAL, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "log_update",
        _serial(),
        _at("at"),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_id", sa.String(length=64), nullable=False),
        sa.Column("change", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_update"),
        sqlite_autoincrement=True,
    )
    _create_caches()
    op.create_table(
        "system_clean_audit",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("window_from", sa.BigInteger(), nullable=True),
        sa.Column("window_to", sa.BigInteger(), nullable=True),
        *map(_count, ("candidates", "deleted", "kept", "duration_ms")),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        _at("at"),
        sa.PrimaryKeyConstraint("run_id", "operation", name="pk_system_clean_audit"),
    )


def _create_caches() -> None:
    op.create_table(
        "article_search_cache",
        _serial(),
        sa.Column("search_key", sa.String(length=64), nullable=False),
        sa.Column("articles", _LONG_TEXT, nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_article_search_cache"),
    )
    op.create_index("ix_article_search_cache_search_key", "article_search_cache", ["search_key"])
    op.create_table(
        "article_popular_cache",
        _serial(),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_article_popular_cache"),
    )
    op.create_index("ix_article_popular_cache_article_id", "article_popular_cache", ["article_id"])


def downgrade() -> None:
    tables = ("system_clean_audit", "article_popular_cache", "article_search_cache", "log_update")
    for table in tables:
        op.drop_table(table)
