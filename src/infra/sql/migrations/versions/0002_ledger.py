"""The ledger's tables: runs, attempts, slots, pauses, fences, counters and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "cron_attempt",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("message", LONG_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "attempt", name="pk_cron_attempt"),
    )
    op.create_table(
        "cron_audit",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_cron_audit"),
    )
    op.create_table(
        "cron_counter",
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("trigger_kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("command", "trigger_kind", "name", name="pk_cron_counter"),
    )
    op.create_table(
        "cron_lock",
        sa.Column("lock_key", sa.String(length=200), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("lock_key", name="pk_cron_lock"),
    )
    op.create_table(
        "cron_pause",
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("command", name="pk_cron_pause"),
    )
    op.create_table(
        "cron_run",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("covers", sa.String(length=80), nullable=False),
        sa.Column("trigger_kind", sa.String(length=10), nullable=False),
        sa.Column("slot", sa.String(length=27), nullable=True),
        sa.Column("schedule_id", sa.String(length=52), nullable=True),
        sa.Column("correlation_id", sa.String(length=120), nullable=False),
        sa.Column("scheduler_run_id", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("message", LONG_TEXT, nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_token", sa.String(length=120), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("arguments", LONG_TEXT, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lock_key", sa.String(length=200), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("holder_run_id", sa.String(length=36), nullable=True),
        sa.Column("summary", LONG_TEXT, nullable=True),
        sa.Column("log_tail", LONG_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_cron_run"),
    )
    op.create_index(
        "ix_cron_run_command_scope_started_at",
        "cron_run",
        ["command", "scope", "started_at"],
        unique=False,
    )
    op.create_index("ix_cron_run_started_at", "cron_run", ["started_at"], unique=False)
    op.create_index("ix_cron_run_status", "cron_run", ["status"], unique=False)
    op.create_table(
        "cron_slot",
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("instant", sa.String(length=27), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("command", "scope", "instant", name="pk_cron_slot"),
    )
    op.create_index("ix_cron_slot_run_id", "cron_slot", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_cron_slot_run_id", table_name="cron_slot")
    op.drop_table("cron_slot")
    op.drop_index("ix_cron_run_status", table_name="cron_run")
    op.drop_index("ix_cron_run_started_at", table_name="cron_run")
    op.drop_index("ix_cron_run_command_scope_started_at", table_name="cron_run")
    op.drop_table("cron_run")
    op.drop_table("cron_pause")
    op.drop_table("cron_lock")
    op.drop_table("cron_counter")
    op.drop_table("cron_audit")
    op.drop_table("cron_attempt")
