"""The run ledger on the supervisor's own connection: every start ends here in one verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from domain.operating.ports import Closing, Lease, Pause, SlotTaken
from domain.operating.run import Outcome, Start, Verdict
from infra.secrets import scrub
from infra.sql.connection import Database, Row, Transaction
from infra.sql.database_clock import NOW
from infra.sql.incident_reports import report_missed, report_run
from infra.sql.instants import optional_instant, to_text
from infra.sql.job_counters import count_missed, count_run, mark_run
from infra.sql.run_rows import MESSAGE_LENGTH, closing_values, pause_of_row, run_of, run_values

Alive = Callable[[str, int, str], bool | None]
"""Tells of (host, pid, process token) whether it lives; None where this host cannot know."""

ANY_COMMAND = "*"

_LOCKLESS = timedelta(hours=1)
"""No start takes so long to its lock: a run of another host without one has died on the way."""

_RUNNING = """
    SELECT r.*, CASE WHEN l.lease_until <= {now}
            OR (r.lock_key IS NULL AND r.started_at < :lockless) THEN 1 ELSE 0 END AS lapsed
    FROM cron_run r LEFT JOIN cron_lock l ON l.lock_key = r.lock_key AND l.fence = r.fence
    WHERE r.status = 'running'
"""

_GUESSED = "Killed"
"""The error of a run that others closed; its own verdict, if it lives to say it, replaces that."""

_CLOSE_RUN = """
    UPDATE cron_run SET status = 'closed', outcome = :outcome, exit_code = :exit_code,
        message = :message, error = :error, finished_at = :finished_at, attempts = :attempts,
        summary = :summary, log_tail = :log_tail, holder_run_id = :holder_run_id
    WHERE run_id = :run_id AND status = 'running'
"""

_CORRECT_RUN = _CLOSE_RUN.replace("status = 'running'", "error = :guessed")

_SETTLE_SLOT = "UPDATE cron_slot SET outcome = :outcome WHERE run_id = :run_id"

_SLOT_HOLDER = """
    SELECT s.run_id, s.outcome AS slot_outcome, r.host, r.pid, r.process_token
    FROM cron_slot s LEFT JOIN cron_run r ON r.run_id = s.run_id
    WHERE s.command = :command AND s.scope = :scope AND s.instant = :instant
"""

# Guarded by what was seen: of two that found the slot free, one matches no row and looks again.
_TAKE_SLOT = """
    UPDATE cron_slot SET run_id = :run_id, outcome = NULL
    WHERE command = :command AND scope = :scope AND instant = :instant
        AND COALESCE(run_id, '') = :seen_run AND COALESCE(outcome, '') = :seen_outcome
"""

_SKIPPED = f"'{Outcome.SKIPPED_LOCKED.word}', '{Outcome.STARVED.word}'"

# Two statements: with the first as a subquery MariaDB reads every run that the job ever did.
_LAST_UNSKIPPED = f"""
    SELECT started_at FROM cron_run WHERE command = :command AND scope = :scope
      AND status = 'closed' AND outcome NOT IN ({_SKIPPED})
    ORDER BY started_at DESC LIMIT 1
"""  # noqa: S608 - the words are the outcomes' own

_SKIPS = f"""
    SELECT COUNT(*) AS skips FROM cron_run WHERE command = :command AND scope = :scope
      AND outcome IN ({_SKIPPED}) AND started_at > :since
"""  # noqa: S608


class SqlLedger:
    """Runs, attempts and slots in SQL. Source: none in the legacy jobs, which kept no record."""

    def __init__(self, database: Database, alive: Alive) -> None:
        self._database, self._alive = database, alive

    def pause_of(self, command: str, now: datetime) -> Pause | None:
        row = self._database.row(
            "SELECT * FROM cron_pause WHERE command IN (:command, :any)"
            " AND (until IS NULL OR until > :now) ORDER BY since LIMIT 1",
            command=command,
            any=ANY_COMMAND,
            now=to_text(now),
        )
        return pause_of_row(row) if row else None

    def open(self, start: Start) -> SlotTaken | None:
        """Write the run row and claim its slot; see the port."""
        return self._database.atomically(lambda transaction: self._opened(transaction, start))

    def _opened(self, transaction: Transaction, start: Start) -> SlotTaken | None:
        transaction.insert("cron_run", run_values(start) | {"status": "running"})
        if start.slot is None:
            return None
        slot = {
            "command": start.command,
            "scope": start.scope,
            "instant": to_text(start.slot),
            "run_id": start.run_id,
        }
        if transaction.insert_new("cron_slot", slot):
            return None
        return self._taken_over(transaction, start, slot)

    def _taken_over(
        self, transaction: Transaction, start: Start, slot: Mapping[str, object]
    ) -> SlotTaken | None:
        """Claim a slot that has a row: one that was missed, failed, or whose run is dead."""
        while True:
            row = transaction.row(_SLOT_HOLDER, **slot)
            if row is None:
                raise AssertionError(f"slot {slot} has gone")
            taken = self._holder(row, start)
            if taken:
                return taken
            seen = {"seen_run": row["run_id"] or "", "seen_outcome": row["slot_outcome"] or ""}
            if transaction.execute(_TAKE_SLOT, {**slot, **seen}).rowcount:
                return None

    def _holder(self, row: Row, start: Start) -> SlotTaken | None:
        if row["run_id"] is None:
            return None
        outcome = Outcome.of(row["slot_outcome"]) if row["slot_outcome"] else None
        if outcome is None and self._is_dead(row):
            return None
        if outcome is not None and (start.again or not outcome.settles_slot):
            return None
        return SlotTaken(run_id=row["run_id"], outcome=outcome)

    def newest_slot(self, command: str, scope: str) -> datetime | None:
        row = self._database.row(
            "SELECT MAX(instant) AS instant FROM cron_slot"
            " WHERE command = :command AND scope = :scope",
            command=command,
            scope=scope,
        )
        return optional_instant(row["instant"]) if row else None

    def slots_after(self, command: str, scope: str, instant: datetime) -> int:
        row = self._database.row(
            "SELECT COUNT(*) AS newer FROM cron_slot"
            " WHERE command = :command AND scope = :scope AND instant > :instant",
            command=command,
            scope=scope,
            instant=to_text(instant),
        )
        return int(row["newer"]) if row else 0

    def note_missed(
        self,
        command: str,
        scope: str,
        instants: Sequence[datetime],
        *,
        schedule_id: str | None = None,
    ) -> int:
        def note(transaction: Transaction) -> int:
            slot = {"command": command, "scope": scope, "outcome": Outcome.MISSED.word}
            new = [
                instant
                for instant in instants
                if transaction.insert_new("cron_slot", slot | {"instant": to_text(instant)})
            ]
            if new:
                count_missed(transaction, schedule_id or command, len(new))
                report_missed(transaction, command, scope, new)
            return len(new)

        return self._database.atomically(note)

    def reap(self, now: datetime) -> Sequence[Start]:
        """Close dead runs as crashed, so that no row says ``running`` of a process that is gone.

        Of another host's process only its lease can tell: it runs out once nobody renews it. One
        that is taken for dead and lives corrects its row when it ends.
        """
        statement = _RUNNING.format(now=NOW[self._database.kind])
        dead = [
            run_of(row)
            for row in self._database.rows(statement, lockless=to_text(now - _LOCKLESS))
            if self._is_dead(row) or (row["lapsed"] and not self._lives(row))
        ]
        return [run for run in dead if self._close_dead(run, now)]

    def _close_dead(self, run: Start, now: datetime) -> bool:
        message = (
            f"process {run.pid} on {run.host} ended without a verdict; it was killed,"
            " or the database was away at its end"
        )
        closing = Closing(
            verdict=Verdict.of(Outcome.CRASHED, message, error=_GUESSED),
            finished_at=now,
            attempts=self._attempts_of(run.run_id),
            summary=None,
            log_tail="",
            holder_run_id=None,
        )
        return self._write_verdict(run.run_id, closing)

    def _attempts_of(self, run_id: str) -> int:
        row = self._database.row(
            "SELECT COUNT(*) AS attempts FROM cron_attempt WHERE run_id = :run_id", run_id=run_id
        )
        return int(row["attempts"]) if row else 0

    def hold(self, run_id: str, lease: Lease, *, waited: float = 0.0) -> None:
        """Note the lock on the run row; runs that held the key before and never closed are dead."""
        before = self._database.rows(
            "SELECT * FROM cron_run"
            " WHERE status = 'running' AND lock_key = :key AND fence < :fence",
            key=lease.key,
            fence=lease.fence,
        )
        for row in before:
            if not self._lives(row):  # one whose lock was broken may live, and says its own end
                self._close_dead(run_of(row), datetime.now(UTC))
        with self._database.transaction() as transaction:
            transaction.execute(
                "UPDATE cron_run SET lock_key = :key, fence = :fence, lock_wait = :waited"
                " WHERE run_id = :run_id",
                {"key": lease.key, "fence": lease.fence, "waited": waited, "run_id": run_id},
            )

    def skips_in_a_row(self, command: str, scope: str) -> int:
        of_job = {"command": command, "scope": scope}
        last = self._database.row(_LAST_UNSKIPPED, **of_job)
        row = self._database.row(_SKIPS, **of_job, since=last["started_at"] if last else "")
        return int(row["skips"]) if row else 0

    def attempt_started(self, run_id: str, attempt: int, now: datetime) -> None:
        values = {"run_id": run_id, "attempt": attempt, "started_at": to_text(now)}
        with self._database.transaction() as transaction:
            transaction.insert("cron_attempt", values)

    def attempt_ended(
        self, run_id: str, attempt: int, now: datetime, *, outcome: str, message: str
    ) -> None:
        with self._database.transaction() as transaction:
            transaction.execute(
                "UPDATE cron_attempt SET finished_at = :now, outcome = :outcome, message = :message"
                " WHERE run_id = :run_id AND attempt = :attempt",
                {
                    "run_id": run_id,
                    "attempt": attempt,
                    "now": to_text(now),
                    "outcome": outcome,
                    "message": scrub(message)[:MESSAGE_LENGTH],
                },
            )

    def close(self, run_id: str, closing: Closing) -> None:
        """Write the verdict, settle the slot and bump the counters in one transaction.

        A run that others took for dead corrects its row; it has been counted already.
        """
        if not self._write_verdict(run_id, closing):
            values = closing_values(run_id, closing) | {"guessed": _GUESSED}
            with self._database.transaction() as transaction:
                if transaction.execute(_CORRECT_RUN, values).rowcount:
                    transaction.execute(_SETTLE_SLOT, values)
                    mark_run(transaction, run_id, closing)

    def _write_verdict(self, run_id: str, closing: Closing) -> bool:
        values = closing_values(run_id, closing)

        def write(transaction: Transaction) -> bool:
            if transaction.execute(_CLOSE_RUN, values).rowcount != 1:
                return False
            transaction.execute(_SETTLE_SLOT, values)
            count_run(transaction, run_id, closing)
            report_run(transaction, run_id, closing.verdict.outcome)
            return True

        return self._database.atomically(write)

    def _is_dead(self, row: Row) -> bool:
        if row["host"] is None:
            return True
        return self._alive(row["host"], row["pid"], row["process_token"]) is False

    def _lives(self, row: Row) -> bool:
        return self._alive(row["host"], row["pid"], row["process_token"]) is True
