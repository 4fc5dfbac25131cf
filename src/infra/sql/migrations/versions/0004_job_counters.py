"""Counters by job (the declared schedule, else the command), and what metrics need of a run.

What a command counted so far goes to the schedule that its runs name, else to the command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEX = "ix_cron_run_job_trigger_kind_finished_at"

_SCHEDULES = """
    SELECT command, trigger_kind, MAX(schedule_id) FROM cron_run
    WHERE schedule_id IS NOT NULL GROUP BY command, trigger_kind
"""

_MARKS = """
    SELECT job, trigger_kind, MAX(started_at) AS started, MAX(slot) AS slot,
        MAX(CASE WHEN outcome NOT IN ('skipped_locked', 'starved') THEN started_at END) AS worked,
        MAX(CASE WHEN outcome IN ('succeeded', 'empty') THEN finished_at END) AS success,
        MAX(CASE WHEN outcome IN ('partial', 'starved', 'lock_lost', 'unavailable', 'failed',
            'crashed', 'misconfigured', 'timed_out') THEN finished_at END) AS failure
    FROM cron_run WHERE status = 'closed' GROUP BY job, trigger_kind
"""

Counts = Mapping[tuple[str, str, str], float]


def upgrade() -> None:
    op.add_column(
        "cron_run",
        sa.Column("job", sa.String(length=80), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("cron_run", sa.Column("lock_wait", sa.Double(), nullable=True))
    op.execute("UPDATE cron_run SET job = COALESCE(schedule_id, command)")
    op.create_index(_INDEX, "cron_run", ["job", "trigger_kind", "finished_at"], unique=False)
    _rebuild("job", _by_job())


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="cron_run")
    _rebuild("command", _by_command())
    op.drop_column("cron_run", "lock_wait")
    op.drop_column("cron_run", "job")


def _rebuild(key: str, counts: Counts) -> None:
    """Make the table anew: FLOAT has 24 bits on MariaDB and stops counting at 16 million."""
    op.drop_table("cron_counter")
    table = op.create_table(
        "cron_counter",
        sa.Column(key, sa.String(length=80), nullable=False),
        sa.Column("trigger_kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(key, "trigger_kind", "name", name="pk_cron_counter"),
    )
    if counts:
        op.bulk_insert(
            table,
            [
                {key: owner, "trigger_kind": trigger, "name": name, "value": value}
                for (owner, trigger, name), value in counts.items()
            ],
        )


def _by_job() -> Counts:
    schedules = {(row[0], row[1]): row[2] for row in _rows(_SCHEDULES)}
    counts = {
        (schedules.get((command, trigger), command), trigger, name): value
        for command, trigger, name, value in _rows(
            "SELECT command, trigger_kind, name, value FROM cron_counter"
        )
    }
    return counts | {
        (row.job, row.trigger_kind, f"last:{mark}"): datetime.fromisoformat(text).timestamp()
        for row in _rows(_MARKS)
        for mark in ("started", "slot", "worked", "success", "failure")
        if (text := getattr(row, mark))
    }


def _by_command() -> Counts:
    commands = {row[0]: row[1] for row in _rows("SELECT DISTINCT job, command FROM cron_run")}
    counts: Counter[tuple[str, str, str]] = Counter()
    for job, trigger, name, value in _rows(
        "SELECT job, trigger_kind, name, value FROM cron_counter WHERE name NOT LIKE 'last%'"
    ):
        counts[commands.get(job, job), trigger, name] += value
    return counts


def _rows(statement: str) -> Iterable[Any]:
    return op.get_bind().execute(sa.text(statement)).all()
