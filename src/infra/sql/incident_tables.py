"""Incidents, their notices with receipts, and the reports that nobody has judged yet."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from infra.sql.metadata import METADATA
from infra.sql.run_tables import COMMAND, INSTANT, RUN_ID, SCOPE

_NONE = text("0")

INCIDENT = Table(
    "cron_incident",
    METADATA,
    Column("incident_id", RUN_ID, primary_key=True),
    # One open incident per command, scope and fingerprint: their digest, null once it is over.
    Column("open_key", String(64)),
    Column("command", COMMAND, nullable=False),
    Column("scope", SCOPE, nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("schedule_id", String(52)),
    Column("opened_at", INSTANT, nullable=False),
    Column("last_at", INSTANT, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("run_id", RUN_ID, nullable=False),
    Column("last_run_id", RUN_ID, nullable=False),
    Column("recovered_at", INSTANT),
    Column("remind_at", INSTANT),
    Column("acked_at", INSTANT),
    Column("acked_by", String(80)),
    Column("ack_reason", Text),
    Index("uq_cron_incident_open_key", "open_key", unique=True),
    Index("ix_cron_incident_command_scope", "command", "scope", "recovered_at"),
    Index("ix_cron_incident_remind_at", "remind_at"),
    Index("ix_cron_incident_opened_at", "opened_at"),
)

NOTICE = Table(
    "cron_notice",
    METADATA,
    Column("notice_id", RUN_ID, primary_key=True),
    Column("incident_id", RUN_ID, nullable=False),
    Column("owner", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("part", String(10), nullable=False),
    Column("number", Integer, nullable=False, server_default=_NONE),
    Column("created_at", INSTANT, nullable=False),
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False, server_default=_NONE),
    Column("next_try", INSTANT, nullable=False),
    Column("claimed_until", INSTANT),
    # The database itself refuses a second page, whatever two runs decide at once.
    Index("uq_cron_notice_incident_id", "incident_id", "owner", "kind", "number", unique=True),
    Index("ix_cron_notice_state", "state", "next_try"),
    Index("ix_cron_notice_created_at", "created_at"),
)

RECEIPT = Table(
    "cron_receipt",
    METADATA,
    Column("receipt_id", Integer, primary_key=True),
    Column("notice_id", RUN_ID, nullable=False),
    Column("channel", String(80), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Index("ix_cron_receipt_notice_id", "notice_id"),
)

REPORT = Table(
    "cron_report",
    METADATA,
    Column("report_id", Integer, primary_key=True),
    Column("run_id", RUN_ID),
    Column("command", COMMAND, nullable=False),
    Column("scope", SCOPE, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("message", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Index("ix_cron_report_run_id", "run_id"),
)
