"""Vehicles and fitments, live and staged; the stages of a sync, its mails; data versions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NOW = {
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))",
    "postgresql": "(CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS BIGINT))",
    "mariadb": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))",
}
_LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_EMPTY = sa.text("''")


def _vehicle() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("make", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("generation", sa.String(length=100), nullable=False),
        sa.Column("year_from", sa.SmallInteger(), nullable=True),
        sa.Column("year_to", sa.SmallInteger(), nullable=True),
        sa.Column("engine", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
    )


def _fitment() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("vehicle_id", sa.String(length=64), nullable=False),
        sa.Column("axle", sa.String(length=5), nullable=False),
        sa.Column("tyre_size", sa.String(length=40), nullable=False),
        sa.Column("rim_width", sa.Numeric(6, 2), nullable=True),
        sa.Column("rim_diameter", sa.Numeric(6, 2), nullable=True),
        sa.Column("bolt_count", sa.SmallInteger(), nullable=True),
        sa.Column("bolt_circle", sa.Numeric(6, 2), nullable=True),
        sa.Column("centre_bore", sa.Numeric(6, 2), nullable=True),
        sa.Column("offset_mm", sa.SmallInteger(), nullable=True),
        sa.Column("is_original", sa.SmallInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
    )


def _snapshot() -> sa.Column[int]:
    return sa.Column("snapshot_id", sa.BigInteger(), primary_key=True, autoincrement=False)


def upgrade() -> None:
    now = sa.text(_NOW[op.get_bind().dialect.name.replace("mysql", "mariadb")])
    _create_live(now)
    _create_staged()
    _create_stages(now)
    _create_findings()
    op.create_table(
        "driveright_mail",
        _snapshot(),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("receipt", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
    )
    op.create_table(
        "data_version",
        sa.Column("name", sa.String(length=40), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=now, nullable=False),
    )


def _create_live(now: sa.TextClause) -> None:
    op.create_table(
        "vehicle",
        sa.Column("vehicle_id", sa.String(length=64), primary_key=True),
        sa.Column("source", sa.String(length=12), nullable=False),
        *_vehicle(),
        sa.Column("updated_at", sa.BigInteger(), server_default=now, nullable=False),
    )
    op.create_index("ix_vehicle_make_model", "vehicle", ["make", "model"])
    op.create_table(
        "vehicle_fitment",
        sa.Column("fitment_id", sa.String(length=64), primary_key=True),
        sa.Column(
            "source", sa.String(length=12), server_default=sa.text("'driveright'"), nullable=False
        ),
        *_fitment(),
    )
    op.create_index("ix_vehicle_fitment_vehicle_id", "vehicle_fitment", ["vehicle_id"])


def _create_staged() -> None:
    op.create_table(
        "vehicle_staged",
        _snapshot(),
        sa.Column("vehicle_id", sa.String(length=64), primary_key=True),
        *_vehicle(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vehicle_fitment_staged",
        _snapshot(),
        sa.Column("fitment_id", sa.String(length=64), primary_key=True),
        *_fitment(),
        sqlite_with_rowid=False,
    )


def _create_stages(now: sa.TextClause) -> None:
    op.create_table(
        "driveright_snapshot",
        _snapshot(),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), server_default=now, nullable=False),
    )
    op.create_table(
        "driveright_run",
        _snapshot(),
        sa.Column("stage", sa.String(length=8), primary_key=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("checkpoint", sa.String(length=100), server_default=_EMPTY, nullable=False),
        sa.Column("message", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "driveright_pulled",
        _snapshot(),
        sa.Column("make", sa.String(length=100), primary_key=True),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.Column("fitments", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
    )


def _create_findings() -> None:
    op.create_table(
        "driveright_difference",
        _snapshot(),
        sa.Column("kind", sa.String(length=8), primary_key=True),
        sa.Column("item_id", sa.String(length=64), primary_key=True),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("former_id", sa.String(length=64), nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "driveright_quarantine",
        _snapshot(),
        sa.Column("no", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("make", sa.String(length=100), nullable=False),
        sa.Column("vehicle_id", sa.String(length=64), nullable=True),
        sa.Column("fitment_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("raw", _LONG_TEXT, nullable=False),
    )


def downgrade() -> None:
    for table in (
        *("data_version", "driveright_mail", "driveright_quarantine", "driveright_difference"),
        *("driveright_pulled", "driveright_run", "driveright_snapshot"),
        *("vehicle_fitment_staged", "vehicle_staged", "vehicle_fitment", "vehicle"),
    ):
        op.drop_table(table)
