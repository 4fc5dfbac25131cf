"""The outbox: notices on their way, claimed so that two runs never send the same one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.operating.contract import Contract
from domain.operating.incidents import GIVE_UP_AFTER, STORM_WINDOW, Kind, backoff
from domain.operating.notices import Delivery, Letter, Notice, State
from infra.sql.connection import Database, Transaction
from infra.sql.incident_rows import incident_of, notice_of
from infra.sql.instants import to_text

CLAIM = timedelta(seconds=60)
"""Far above the time a run spends on sending: only a killed sender's notice is claimed anew."""

AT_ONCE = 50
"""Notices that one run takes up; the rest is for the next one."""


class SqlOutbox:
    """Every notice stays here until a channel took it."""

    def __init__(self, database: Database, contract_of: Callable[[str], Contract]) -> None:
        self._database, self._contract_of = database, contract_of

    def due(self, now: datetime) -> Sequence[Notice]:
        """Give the notices whose time has come, the oldest first."""
        rows = self._database.rows(
            "SELECT * FROM cron_notice WHERE state = 'due' AND next_try <= :now"
            " AND (claimed_until IS NULL OR claimed_until <= :now)"
            " ORDER BY created_at, notice_id LIMIT :most",
            now=to_text(now),
            most=AT_ONCE,
        )
        return [notice_of(row) for row in rows]

    def hurry(self, now: datetime) -> int:
        """Make every notice due that has not arrived, those without a channel too."""
        with self._database.transaction() as transaction:
            return int(
                transaction.execute(
                    "UPDATE cron_notice SET state = 'due', next_try = :now"
                    " WHERE state IN ('due', 'no_channel')",
                    {"now": to_text(now)},
                ).rowcount
            )

    def claim(self, notice: Notice, now: datetime) -> Letter | None:
        """Take a notice to send; None where another run has it or had it."""
        with self._database.transaction() as transaction:
            claimed = transaction.execute(
                "UPDATE cron_notice SET claimed_until = :until WHERE notice_id = :notice_id"
                " AND state = 'due' AND (claimed_until IS NULL OR claimed_until <= :now)",
                {
                    "notice_id": notice.notice_id,
                    "until": to_text(now + CLAIM),
                    "now": to_text(now),
                },
            ).rowcount
            return self._letter(transaction, notice, now) if claimed else None

    def settle(self, notice: Notice, delivery: Delivery, now: datetime) -> None:
        """Keep the receipts; what nobody took waits for its next try, or is given up."""
        tries = notice.tries + bool(delivery.receipts)
        state = delivery.state
        if state is State.DUE and now - notice.created_at > GIVE_UP_AFTER:
            state = State.GIVEN_UP
        wait = backoff(tries) if delivery.receipts else timedelta(0)
        with self._database.transaction() as transaction:
            transaction.execute(
                "UPDATE cron_notice SET state = :state, tries = :tries, next_try = :next_try,"
                # A sender that froze for longer than its claim must not undo another's success.
                " claimed_until = NULL WHERE notice_id = :notice_id AND state = 'due'",
                {
                    "notice_id": notice.notice_id,
                    "state": state.value,
                    "tries": tries,
                    "next_try": to_text(now + wait),
                },
            )
            for receipt in delivery.receipts:
                values = {
                    "notice_id": notice.notice_id,
                    "channel": receipt.channel,
                    "at": to_text(receipt.at),
                    "accepted": int(receipt.accepted),
                    "answer": receipt.answer,
                }
                transaction.insert("cron_receipt", values)

    def _letter(self, transaction: Transaction, notice: Notice, now: datetime) -> Letter:
        row = transaction.row(
            "SELECT * FROM cron_incident WHERE incident_id = :incident_id",
            incident_id=notice.incident_id,
        )
        if row is None:
            raise AssertionError(f"incident {notice.incident_id} has gone")
        incident = incident_of(row)
        others = _opened_since(transaction, notice) if notice.kind is Kind.STORM else 0
        contract = self._contract_of(incident.command)
        return Letter(notice=notice, incident=incident, contract=contract, now=now, others=others)


def _opened_since(transaction: Transaction, notice: Notice) -> int:
    row = transaction.row(
        "SELECT COUNT(*) AS opened FROM cron_incident WHERE opened_at > :since",
        since=to_text(notice.created_at - STORM_WINDOW),
    )
    return int(row["opened"]) if row else 0
