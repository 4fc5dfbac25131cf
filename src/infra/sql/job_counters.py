"""Counters and marks per job and trigger, which outlive the runs that they were made of.

A mark is the newest time of something, in seconds since 1970. Both only ever grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.operating.ports import Closing
from domain.operating.run import Alert, Outcome, Trigger
from infra.sql.connection import Database, Transaction
from infra.sql.instants import from_text
from infra.telemetry.run_state import DURATION_BUCKETS

GOOD = (Outcome.SUCCEEDED, Outcome.EMPTY)
BAD = tuple(outcome for outcome in Outcome if outcome.alert in (Alert.PAGE, Alert.NOTIFY))
SKIPS = (Outcome.SKIPPED_LOCKED, Outcome.STARVED)

STARTED, WORKED, SLOT = "last:started", "last:worked", "last:slot"
SUCCESS, FAILURE, DECLARED = "last:success", "last:failure", "last:declared"

_KEY = "job = :job AND trigger_kind = :trigger_kind AND name = :name"
_ADD = f"UPDATE cron_counter SET value = value + :value WHERE {_KEY}"  # noqa: S608 - no input
_RAISE = f"UPDATE cron_counter SET value = :value WHERE {_KEY} AND value < :value"  # noqa: S608


def count_run(transaction: Transaction, run_id: str, closing: Closing) -> None:
    """Count a run that is being closed."""
    run = _run(transaction, run_id)
    seconds = (closing.finished_at - from_text(run["started_at"])).total_seconds()
    counts: dict[str, float] = {_counter(closing.verdict.outcome): 1}
    if closing.attempts:
        counts |= {"retries": closing.attempts - 1, "duration:sum": seconds, "duration:count": 1}
        counts |= {f"duration:{bound}": 1 for bound in DURATION_BUCKETS if seconds <= bound}
    _grow(transaction, (run["job"], run["trigger_kind"]), counts, _marks(run, closing))


def mark_run(transaction: Transaction, run_id: str, closing: Closing) -> None:
    """Set the marks of a run that had been taken for dead, and counted, before its verdict."""
    run = _run(transaction, run_id)
    _grow(transaction, (run["job"], run["trigger_kind"]), {}, _marks(run, closing))


def count_missed(transaction: Transaction, job: str, firings: int) -> None:
    counts: dict[str, float] = {_counter(Outcome.MISSED): firings}
    _grow(transaction, (job, Trigger.SCHEDULE.value), counts, {})


class SqlJobCounters:
    """Begins the counters of declared jobs at zero."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, job: str, now: datetime) -> int:
        """Write what is missing of the job's counters; gives how many were new."""
        names = [_counter(outcome) for outcome in Outcome] + ["retries", *_durations()]

        def write(transaction: Transaction) -> int:
            new = [
                _begin(transaction, (job, trigger.value), name, value)
                for trigger in sorted(Trigger)
                for name, value in sorted(
                    {DECLARED: now.timestamp(), **dict.fromkeys(names, 0.0)}.items()
                )
            ]
            return sum(new)

        return self._database.atomically(write)


def _durations() -> Iterable[str]:
    return [f"duration:{part}" for part in ("sum", "count", *DURATION_BUCKETS)]


def _run(transaction: Transaction, run_id: str) -> Mapping[str, str]:
    run = transaction.row(
        "SELECT job, trigger_kind, started_at, slot FROM cron_run WHERE run_id = :run_id",
        run_id=run_id,
    )
    if run is None:
        raise AssertionError(f"run {run_id} has gone")
    return run


def _counter(outcome: Outcome) -> str:
    return f"outcome:{outcome.word}"


def _marks(run: Mapping[str, str], closing: Closing) -> dict[str, float]:
    outcome, finished = closing.verdict.outcome, closing.finished_at.timestamp()
    started = from_text(run["started_at"]).timestamp()
    marks = {STARTED: started}
    if outcome not in SKIPS:
        marks[WORKED] = started
    if run["slot"]:
        marks[SLOT] = from_text(run["slot"]).timestamp()
    if outcome in GOOD:
        marks[SUCCESS] = finished
    if outcome in BAD:
        marks[FAILURE] = finished
    return marks


def _grow(
    transaction: Transaction,
    key: tuple[str, str],
    counts: Mapping[str, float],
    marks: Mapping[str, float],
) -> None:
    for name, value in sorted({**counts, **marks}.items()):  # two that close do not deadlock
        statement = _RAISE if name in marks else _ADD
        values = {"job": key[0], "trigger_kind": key[1], "name": name, "value": value}
        if not transaction.execute(statement, values).rowcount and not _begin(
            transaction, key, name, value
        ):
            transaction.execute(statement, values)


def _begin(transaction: Transaction, key: tuple[str, str], name: str, value: float) -> bool:
    values = {"job": key[0], "trigger_kind": key[1], "name": name, "value": value}
    return transaction.insert_new("cron_counter", values)
