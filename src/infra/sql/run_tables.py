"""The ledger's tables. Times are ISO 8601 in UTC with microseconds, so that text sorts by time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from infra.sql.metadata import METADATA

INSTANT = String(27)
RUN_ID = String(36)
COMMAND = String(80)
SCOPE = String(120)
LONG_TEXT = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
"""MariaDB's plain TEXT ends at 64 KiB, a log's tail does not."""

RUN = Table(
    "cron_run",
    METADATA,
    Column("run_id", RUN_ID, primary_key=True),
    Column("command", COMMAND, nullable=False),
    Column("scope", SCOPE, nullable=False),
    Column("covers", String(80), nullable=False),
    Column("trigger_kind", String(10), nullable=False),
    Column("slot", INSTANT),
    Column("schedule_id", String(52)),
    Column("correlation_id", String(120), nullable=False),
    Column("scheduler_run_id", String(120)),
    Column("status", String(10), nullable=False),
    Column("outcome", String(20)),
    Column("exit_code", Integer),
    Column("message", LONG_TEXT),
    Column("error", String(80)),
    Column("started_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("host", String(120), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_token", String(120), nullable=False),
    Column("version", String(40), nullable=False),
    Column("arguments", LONG_TEXT, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("lock_key", String(200)),
    Column("fence", BigInteger),
    Column("holder_run_id", RUN_ID),
    Column("summary", LONG_TEXT),
    Column("log_tail", LONG_TEXT),
    Column("job", COMMAND, nullable=False, server_default=text("''")),
    Column("lock_wait", Double),
    Index("ix_cron_run_command_scope_started_at", "command", "scope", "started_at"),
    Index("ix_cron_run_job_trigger_kind_finished_at", "job", "trigger_kind", "finished_at"),
    Index("ix_cron_run_status", "status"),
    Index("ix_cron_run_started_at", "started_at"),
)

ATTEMPT = Table(
    "cron_attempt",
    METADATA,
    Column("run_id", RUN_ID, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("started_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Column("outcome", String(20)),
    Column("message", LONG_TEXT),
)

SLOT = Table(
    "cron_slot",
    METADATA,
    Column("command", COMMAND, primary_key=True),
    Column("scope", SCOPE, primary_key=True),
    Column("instant", INSTANT, primary_key=True),
    Column("run_id", RUN_ID),
    Column("outcome", String(20)),
    Index("ix_cron_slot_run_id", "run_id"),
)

PAUSE = Table(
    "cron_pause",
    METADATA,
    Column("command", COMMAND, primary_key=True),
    Column("actor", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("until", INSTANT),
)

LOCK = Table(
    "cron_lock",
    METADATA,
    Column("lock_key", String(200), primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("run_id", RUN_ID, nullable=False),
    Column("host", String(120)),
    Column("pid", Integer),
    Column("since", BigInteger),
    Column("lease_until", BigInteger),
)

COUNTER = Table(
    "cron_counter",
    METADATA,
    Column("job", COMMAND, primary_key=True),
    Column("trigger_kind", String(10), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", Double, nullable=False),
)

AUDIT = Table(
    "cron_audit",
    METADATA,
    Column("audit_id", Integer, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("object", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)
