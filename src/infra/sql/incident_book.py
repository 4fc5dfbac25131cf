"""Incidents in SQL: each report is judged, and its notices are written, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from domain.operating.contract import Contract, Owner
from domain.operating.incidents import (
    REMIND_EVERY,
    Addressee,
    Judgement,
    Kind,
    Opening,
    Part,
    Recovery,
    judge,
    next_reminder,
)
from domain.operating.notices import State
from domain.operating.ports import Entropy
from domain.operating.report import Report
from infra.sql.connection import Database, Row, Transaction
from infra.sql.incident_history import OPENING_KINDS, history_of
from infra.sql.incident_rows import incident_values, report_of
from infra.sql.instants import from_text, to_text

_WAITING_REPORTS = """
    SELECT p.report_id, p.command, p.scope, p.outcome, p.at, p.message, r.run_id, r.exit_code,
        r.error, r.message AS run_message, r.trigger_kind, r.schedule_id, r.summary
    FROM cron_report p LEFT JOIN cron_run r ON r.run_id = p.run_id
    ORDER BY p.report_id
"""

_TOLD = f"""
    SELECT owner, part FROM cron_notice WHERE incident_id = :incident_id
      AND kind IN ({OPENING_KINDS}) AND state = 'sent' ORDER BY notice_id
"""  # noqa: S608


class SqlIncidents:
    """The state of all incidents. Source: none in the legacy jobs, whose failures nobody heard."""

    def __init__(self, database: Database, entropy: Entropy) -> None:
        self._database, self._entropy = database, entropy

    def waiting(self) -> Mapping[int, Report]:
        """Give the reports that nobody has judged yet, by their number."""
        rows = self._database.rows(_WAITING_REPORTS)
        return {row["report_id"]: report_of(row) for row in rows}

    def judge(
        self, report: Report, contract: Contract, now: datetime, *, number: int | None = None
    ) -> Judgement | None:
        """Judge one report and write what follows; None where another run has just judged it."""

        def step(transaction: Transaction) -> Judgement | None:
            if not _is_ours(transaction, report, number):
                return None
            while True:
                history = history_of(transaction, report, contract, now)
                judgement = judge(report, contract, history)
                if self._write(transaction, report, judgement, now):
                    return judgement

        return self._database.atomically(step)

    def adopt(
        self, incident_id: str, report: Report, opening: Opening, failures: int, now: datetime
    ) -> None:
        """Write an incident whose owners were told while the ledger was away."""

        def step(transaction: Transaction) -> None:
            values = incident_values(incident_id, report, opening, now + REMIND_EVERY)
            if transaction.insert_new("cron_incident", values | {"failures": failures}):
                for addressee in opening.addressees:
                    self._notify(transaction, incident_id, addressee, now, state=State.SENT)

        self._database.atomically(step)

    def remind(self, now: datetime) -> None:
        """Write the reminders that are due, to whom the incident's first notices have reached."""
        rows = self._database.rows(
            "SELECT incident_id, remind_at FROM cron_incident WHERE remind_at <= :now",
            now=to_text(now),
        )
        for row in rows:
            self._database.atomically(partial(self._remind, row=row, now=now))

    def _remind(self, transaction: Transaction, *, row: Row, now: datetime) -> None:
        following = next_reminder(from_text(row["remind_at"]), now)
        moved = transaction.execute(
            "UPDATE cron_incident SET remind_at = :following"
            " WHERE incident_id = :incident_id AND remind_at = :remind_at",
            {**row, "following": to_text(following)},
        ).rowcount
        if not moved:
            return
        past = transaction.row(
            "SELECT COALESCE(MAX(number), 0) AS number FROM cron_notice"
            " WHERE incident_id = :incident_id AND kind = 'reminder'",
            incident_id=row["incident_id"],
        )
        number = (past["number"] if past else 0) + 1
        for addressee in _told(transaction, row["incident_id"], Kind.REMINDER):
            self._notify(transaction, row["incident_id"], addressee, now, number=number)

    # --- what follows ---------------------------------------------------------------------------

    def _write(
        self, transaction: Transaction, report: Report, judgement: Judgement, now: datetime
    ) -> bool:
        """Write the judgement; False where another run has opened the same incident meanwhile."""
        if judgement.opens:
            incident_id = self._entropy.uuid7()
            values = incident_values(incident_id, report, judgement.opens, now + REMIND_EVERY)
            if not transaction.insert_new("cron_incident", values):
                return False
            for addressee in judgement.opens.addressees:
                self._notify(transaction, incident_id, addressee, now)
        if judgement.joins:
            _grow(transaction, judgement.joins, report)
        for recovery in judgement.recovers:
            self._recover(transaction, recovery, now)
        return True

    def _recover(self, transaction: Transaction, recovery: Recovery, now: datetime) -> None:
        ended = transaction.execute(
            "UPDATE cron_incident SET recovered_at = :now, open_key = NULL, remind_at = NULL"
            " WHERE incident_id = :incident_id AND recovered_at IS NULL",
            {"incident_id": recovery.incident_id, "now": to_text(now)},
        ).rowcount
        if not ended:
            return
        for owner in recovery.owners:
            addressee = Addressee(owner=owner, kind=Kind.RECOVERY, part=Part.BOTH)
            self._notify(transaction, recovery.incident_id, addressee, now)

    def _notify(
        self,
        transaction: Transaction,
        incident_id: str,
        addressee: Addressee,
        now: datetime,
        *,
        number: int = 0,
        state: State = State.DUE,
    ) -> None:
        values = {
            "notice_id": self._entropy.uuid7(),
            "incident_id": incident_id,
            "owner": addressee.owner.value,
            "kind": addressee.kind.value,
            "part": addressee.part.value,
            "number": number,
            "created_at": to_text(now),
            "state": state.value,
            "next_try": to_text(now),
        }
        transaction.insert_new("cron_notice", values)


def _is_ours(transaction: Transaction, report: Report, number: int | None) -> bool:
    """Take the waiting report, so that no other run judges it too."""
    if number is not None:
        taken = transaction.execute(
            "DELETE FROM cron_report WHERE report_id = :number", {"number": number}
        )
        return bool(taken.rowcount)
    values = {"run_id": report.run_id}
    transaction.execute("DELETE FROM cron_report WHERE run_id = :run_id", values)
    return True


def _grow(transaction: Transaction, incident_id: str, report: Report) -> None:
    transaction.execute(
        "UPDATE cron_incident SET failures = failures + 1, last_at = :at, last_run_id = :run_id"
        " WHERE incident_id = :incident_id AND (last_run_id <> :run_id OR :run_id = '')",
        {"incident_id": incident_id, "at": to_text(report.at), "run_id": report.run_id},
    )


def _told(transaction: Transaction, incident_id: str, kind: Kind) -> Sequence[Addressee]:
    rows = transaction.execute(_TOLD, {"incident_id": incident_id}).fetchall()
    return [Addressee(owner=Owner(row["owner"]), kind=kind, part=Part(row["part"])) for row in rows]
