"""What the tables know when a report is judged: open incidents, failures in a row, who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.operating.contract import Contract, Owner
from domain.operating.incidents import (
    FAILURES,
    GOOD,
    OPENING,
    STORM_WINDOW,
    History,
    Kind,
    OpenIncident,
    patience,
)
from domain.operating.notices import State
from domain.operating.report import Report
from domain.operating.run import Alert, Outcome
from infra.sql.connection import Row, Transaction
from infra.sql.instants import from_text, to_text


def _words(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_GOOD = _words([outcome.word for outcome in GOOD])
_FAILED = _words([outcome.word for outcome in FAILURES])
OPENING_KINDS = _words([kind.value for kind in OPENING])
_REACHED = _words([State.DUE.value, State.SENT.value])

# A firing that is run again counts once; a manual run counts for itself.
_FAILED_FIRINGS = f"""
    SELECT DISTINCT COALESCE(slot, run_id) FROM cron_run
    WHERE command = :command AND scope = :scope AND outcome IN ({_FAILED})
      AND started_at > :since AND COALESCE(slot, run_id)
        <> COALESCE((SELECT slot FROM cron_run WHERE run_id = :run_id), :run_id)
    LIMIT :most
"""  # noqa: S608 - the words are the outcomes' own

_OPEN = f"""
    SELECT i.incident_id, i.fingerprint, i.run_id, i.last_run_id, n.owner, n.state, n.claimed_until
    FROM cron_incident i LEFT JOIN cron_notice n ON n.incident_id = i.incident_id
        AND n.kind IN ({OPENING_KINDS}) AND n.state IN ({_REACHED})
    WHERE i.command = :command AND i.scope IN (:scope, '') AND i.recovered_at IS NULL
    ORDER BY i.opened_at, i.incident_id
"""  # noqa: S608

_LATELY = f"""
    SELECT owner, kind, COUNT(*) AS notices FROM cron_notice
    WHERE created_at > :since AND (kind IN ({OPENING_KINDS}) OR kind = 'storm')
    GROUP BY owner, kind
"""  # noqa: S608


def history_of(
    transaction: Transaction, report: Report, contract: Contract, now: datetime
) -> History:
    """Read what a report is judged by, in the transaction that writes what follows."""
    open_incidents = _open_incidents(transaction, report, now)
    if report.outcome in GOOD:
        filled_at = _filled_at(transaction, report, contract)
        return History(open=open_incidents, filled_at=filled_at)
    since = {"since": to_text(now - STORM_WINDOW)}
    lately = transaction.execute(_LATELY, since).fetchall()
    counts: dict[Owner, int] = {}
    for row in lately:
        if row["kind"] != Kind.STORM.value:
            counts[Owner(row["owner"])] = counts.get(Owner(row["owner"]), 0) + row["notices"]
    warned = {Owner(row["owner"]) for row in lately if row["kind"] == Kind.STORM.value}
    return History(
        streak=_streak(transaction, report, patience(report, contract)),
        open=open_incidents,
        lately=counts,
        warned=frozenset(warned),
    )


def _open_incidents(
    transaction: Transaction, report: Report, now: datetime
) -> Sequence[OpenIncident]:
    values = {"command": report.command, "scope": report.scope}
    rows = transaction.execute(_OPEN, values).fetchall()
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row["incident_id"], []).append(row)
    return [_open_incident(notices, to_text(now)) for notices in by_id.values()]


def _open_incident(rows: Sequence[Row], now: str) -> OpenIncident:
    told = [row for row in rows if row["owner"]]
    waiting = [
        row
        for row in told
        if row["state"] == State.DUE.value and (row["claimed_until"] or "") < now
    ]
    return OpenIncident(
        incident_id=rows[0]["incident_id"],
        fingerprint=rows[0]["fingerprint"],
        run_id=rows[0]["run_id"],
        last_run_id=rows[0]["last_run_id"],
        told=frozenset(Owner(row["owner"]) for row in told),
        waiting=frozenset(Owner(row["owner"]) for row in waiting),
    )


def _streak(transaction: Transaction, report: Report, most: int) -> int:
    """Count failed firings in a row, this one included, as far as it matters."""
    if most <= 1:
        return 1
    values = {"command": report.command, "scope": report.scope, "run_id": report.run_id}
    last = transaction.row(
        f"SELECT started_at FROM cron_run WHERE command = :command AND scope = :scope"  # noqa: S608
        f" AND outcome IN ({_GOOD}) ORDER BY started_at DESC LIMIT 1",
        **values,
    )
    since = {"since": last["started_at"] if last else "", "most": most}
    failed = transaction.execute(_FAILED_FIRINGS, values | since).fetchall()
    missed = transaction.execute(
        "SELECT instant FROM cron_slot WHERE command = :command AND scope = :scope"
        " AND outcome = 'missed' AND instant > :since LIMIT :most",
        values | since,
    ).fetchall()
    own = report.outcome is not Outcome.MISSED
    return len(failed) + len(missed) + own


def _filled_at(transaction: Transaction, report: Report, contract: Contract) -> datetime | None:
    """Find when a run last had something to do, or else the job's first run."""
    short = report.outcome.alert is Alert.TICKET_IF_SHORT
    if not short or report.items >= contract.expected_min_items:
        return None
    values = {"command": report.command, "scope": report.scope}
    row = transaction.row(
        "SELECT started_at FROM cron_run WHERE command = :command AND scope = :scope"
        " AND outcome = 'succeeded' ORDER BY started_at DESC LIMIT 1",
        **values,
    ) or transaction.row(
        "SELECT MIN(started_at) AS started_at FROM cron_run"
        " WHERE command = :command AND scope = :scope",
        **values,
    )
    return from_text(row["started_at"]) if row and row["started_at"] else None
