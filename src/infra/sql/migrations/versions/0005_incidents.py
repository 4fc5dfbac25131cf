"""Incidents, their notices and receipts, and the reports that nobody has judged yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cron_incident",
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("open_key", sa.String(length=64), nullable=True),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("schedule_id", sa.String(length=52), nullable=True),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("last_at", sa.String(length=27), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("last_run_id", sa.String(length=36), nullable=False),
        sa.Column("recovered_at", sa.String(length=27), nullable=True),
        sa.Column("remind_at", sa.String(length=27), nullable=True),
        sa.Column("acked_at", sa.String(length=27), nullable=True),
        sa.Column("acked_by", sa.String(length=80), nullable=True),
        sa.Column("ack_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name="pk_cron_incident"),
    )
    op.create_index(
        "ix_cron_incident_command_scope",
        "cron_incident",
        ["command", "scope", "recovered_at"],
        unique=False,
    )
    op.create_index("ix_cron_incident_opened_at", "cron_incident", ["opened_at"], unique=False)
    op.create_index("ix_cron_incident_remind_at", "cron_incident", ["remind_at"], unique=False)
    op.create_index("uq_cron_incident_open_key", "cron_incident", ["open_key"], unique=True)
    op.create_table(
        "cron_notice",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try", sa.String(length=27), nullable=False),
        sa.Column("claimed_until", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("notice_id", name="pk_cron_notice"),
    )
    op.create_index("ix_cron_notice_created_at", "cron_notice", ["created_at"], unique=False)
    op.create_index("ix_cron_notice_state", "cron_notice", ["state", "next_try"], unique=False)
    op.create_index(
        "uq_cron_notice_incident_id",
        "cron_notice",
        ["incident_id", "owner", "kind", "number"],
        unique=True,
    )
    op.create_table(
        "cron_receipt",
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_id", name="pk_cron_receipt"),
    )
    op.create_index("ix_cron_receipt_notice_id", "cron_receipt", ["notice_id"], unique=False)
    op.create_table(
        "cron_report",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name="pk_cron_report"),
    )
    op.create_index("ix_cron_report_run_id", "cron_report", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_table("cron_report")
    op.drop_table("cron_receipt")
    op.drop_table("cron_notice")
    op.drop_table("cron_incident")
