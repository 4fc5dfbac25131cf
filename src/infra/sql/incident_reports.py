"""What the ledger leaves for the alerts, in the transaction that knows it.

So a failure is told even if nobody is left to tell it: the next run of any command does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.operating.run import Alert, Outcome
from infra.sql.connection import Database, Transaction
from infra.sql.instants import to_text

_TOLD_OF = (Alert.PAGE, Alert.NOTIFY, Alert.IF_REPEATED)

_REPORT = """
    INSERT INTO cron_report (run_id, command, scope, outcome, message, at)
    SELECT run_id, command, scope, outcome, '', finished_at FROM cron_run WHERE run_id = :run_id
"""


def report_run(transaction: Transaction, run_id: str, outcome: Outcome) -> None:
    """Leave word of a run that failed."""
    if outcome.alert in _TOLD_OF:
        transaction.execute(_REPORT, {"run_id": run_id})


def report_missed(
    transaction: Transaction, command: str, scope: str, instants: Sequence[datetime]
) -> None:
    """Leave word of firings that nobody started."""
    first, last = min(instants), max(instants)
    span = f"{first:%Y-%m-%d %H:%M}" if first == last else f"{first:%F %H:%M} to {last:%F %H:%M}"
    firings = "firing was" if len(instants) == 1 else "firings were"
    values = {
        "command": command,
        "scope": scope,
        "outcome": Outcome.MISSED.word,
        "message": f"{len(instants)} {firings} not started: {span} UTC",
        "at": to_text(last),
    }
    transaction.insert("cron_report", values)


_IS_BUSY = """
    SELECT CASE WHEN EXISTS (SELECT 1 FROM cron_incident WHERE command = :command
            AND scope IN (:scope, '') AND recovered_at IS NULL)
        OR EXISTS (SELECT 1 FROM cron_incident WHERE remind_at <= :now)
        OR EXISTS (SELECT 1 FROM cron_notice WHERE state = 'due' AND next_try <= :now)
        OR EXISTS (SELECT 1 FROM cron_report)
        THEN 1 ELSE 0 END AS busy
"""


def is_quiet(database: Database, command: str, scope: str, now: datetime) -> bool:
    """Tell in one query that after a good run nobody has to hear of anything."""
    row = database.row(_IS_BUSY, command=command, scope=scope, now=to_text(now))
    return not (row and row["busy"])
