"""Licences that end, and the ledger of what their customers were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from domain.jobs.license_reminders.ports import Claim, Entry, Licence, Status
from domain.operating.ports import ActiveRun
from infra.sql.connection import Database, Row, Transaction
from infra.sql.database_clock import NOW
from infra.sql.fence import fenced

_ENDING = """
    SELECT l.license_id, l.customer_id, l.valid_until, c.customer_id AS known, c.active,
        c.email, c.name, c.language
    FROM minishop_license l LEFT JOIN customer c ON c.customer_id = l.customer_id
    WHERE l.status IN ({statuses}) AND (l.valid_until >= :first AND l.valid_until <= :last
        OR l.valid_until NOT LIKE '____-__-__')
    ORDER BY l.valid_until, l.license_id
"""

_ENTRIES = """
    SELECT license_id, valid_until, offset_days, status, recipient_sha256, attempts,
        {now} - claimed_at AS age
    FROM license_notification WHERE valid_until >= :first AND valid_until <= :last
"""

_KEY = "license_id = :license_id AND valid_until = :valid_until AND offset_days = :offset_days"

_AGAIN = """
    UPDATE license_notification SET status = :status, recipient_sha256 = :recipient_sha256,
        message_id = :message_id, attempts = attempts + :attempts, run_id = :run_id,
        claimed_at = {now}, error = :error
    WHERE {key}
"""
_SUPERSEDE = """
    UPDATE license_notification SET status = 'SUPERSEDED', run_id = :run_id
    WHERE {key} AND status IN ('DEFERRED', 'SENDING', 'RESENDING')
"""
_SETTLE = """
    UPDATE license_notification SET status = :status, error = :error,
        sent_at = CASE WHEN :status = 'SENT' THEN {now} END
    WHERE {key} AND run_id = :run_id AND status IN ('SENDING', 'RESENDING')
"""

_BEGINS = (Status.SENDING, Status.RESENDING)


class SqlReminderBook:
    """The ReminderBook port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ending(self, first: date, last: date, statuses: Sequence[str]) -> Sequence[Licence]:
        named = {f"status_{number}": status for number, status in enumerate(statuses)}
        question = _ENDING.format(statuses=", ".join(f":{name}" for name in named))
        days = {"first": str(first), "last": str(last)}
        return [_licence(row) for row in self._database.rows(question, **named, **days)]

    def entries(self, first: date, last: date) -> Mapping[tuple[int, str], Sequence[Entry]]:
        question = _ENTRIES.format(now=NOW[self._database.kind])
        found: dict[tuple[int, str], list[Entry]] = {}
        for row in self._database.rows(question, first=str(first), last=str(last)):
            found.setdefault((row["license_id"], row["valid_until"]), []).append(_entry(row))
        return found

    def claim(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        row = {
            **_key(claim, claim.offset),
            "status": status.value,
            "recipient_sha256": claim.recipient,
            "message_id": claim.message_id,
            "attempts": int(status in _BEGINS),
            "run_id": run.run_id,
            "error": error,
        }
        with fenced(self._database, run.leases, durable=True) as transaction:
            if not transaction.insert_new("license_notification", row):
                transaction.execute(self._statement(_AGAIN), row)
            for offset in claim.superseded:
                self._supersede(transaction, claim, offset, run)

    def settle(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        # Not fenced: it is true whoever holds the lock now, and another claim changes the run_id.
        values = {"status": status.value, "error": error, "run_id": run.run_id}
        self._database.execute(self._statement(_SETTLE), **_key(claim, claim.offset), **values)

    def _supersede(
        self, transaction: Transaction, claim: Claim, offset: int, run: ActiveRun
    ) -> None:
        row = {**_key(claim, offset), "run_id": run.run_id}
        new = {"status": Status.SUPERSEDED.value, "recipient_sha256": "", "message_id": ""}
        if not transaction.insert_new("license_notification", {**row, **new}):
            transaction.execute(self._statement(_SUPERSEDE), row)

    def _statement(self, text: str) -> str:
        return text.format(now=NOW[self._database.kind], key=_KEY)


def _key(claim: Claim, offset: int) -> dict[str, Any]:
    return {
        "license_id": claim.license_id,
        "valid_until": str(claim.valid_until),
        "offset_days": offset,
    }


def _licence(row: Row) -> Licence:
    return Licence(
        license_id=row["license_id"],
        customer_id=row["customer_id"],
        valid_until=row["valid_until"],
        known=row["known"] is not None,
        active=bool(row["active"]),
        email=row["email"] or "",
        name=row["name"] or "",
        language=row["language"] or "",
    )


def _entry(row: Row) -> Entry:
    return Entry(
        offset=row["offset_days"],
        status=Status(row["status"]),
        recipient=row["recipient_sha256"],
        attempts=row["attempts"],
        age=timedelta(microseconds=int(row["age"])),
    )
