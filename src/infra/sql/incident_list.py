"""Incidents for people: listed, shown with their receipts, acknowledged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.errors import Refused
from domain.operating.notices import Incident, Notice, Receipt
from infra.sql.connection import Database, Transaction
from infra.sql.incident_rows import incident_of, notice_of, receipt_of
from infra.sql.instants import to_text
from infra.sql.pauses import note


class SqlIncidentBook:
    """Reads incidents on the light connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def incidents(self, *, closed: bool, limit: int) -> Sequence[Incident]:
        only = "" if closed else " WHERE recovered_at IS NULL"
        rows = self._database.rows(
            f"SELECT * FROM cron_incident{only}"  # noqa: S608 - one of two fixed conditions
            " ORDER BY opened_at DESC, incident_id DESC LIMIT :limit",
            limit=limit,
        )
        return [incident_of(row) for row in rows]

    def incident(self, incident_id: str) -> Incident:
        """Find by id or its unique beginning. Raises Refused where none or several match."""
        rows = self._database.rows(
            "SELECT * FROM cron_incident WHERE substr(incident_id, 1, :length) = :incident_id"
            " ORDER BY incident_id LIMIT 2",
            incident_id=incident_id,
            length=len(incident_id),
        )
        if not rows:
            raise Refused(
                f"no incident {incident_id}; bin/console incidents:list --all shows the newest"
            )
        if len(rows) > 1:
            raise Refused(f"several incidents begin with {incident_id}; give more of the id")
        return incident_of(rows[0])

    def notices(self, incident_id: str) -> Sequence[Notice]:
        rows = self._database.rows(
            "SELECT * FROM cron_notice WHERE incident_id = :incident_id"
            " ORDER BY created_at, notice_id",
            incident_id=incident_id,
        )
        return [notice_of(row) for row in rows]

    def receipts(self, incident_id: str) -> Mapping[str, Sequence[Receipt]]:
        rows = self._database.rows(
            "SELECT r.* FROM cron_receipt r JOIN cron_notice n ON n.notice_id = r.notice_id"
            " WHERE n.incident_id = :incident_id ORDER BY r.receipt_id",
            incident_id=incident_id,
        )
        by_notice: dict[str, list[Receipt]] = {}
        for row in rows:
            by_notice.setdefault(row["notice_id"], []).append(receipt_of(row))
        return by_notice

    def acknowledge(self, incident: Incident, *, actor: str, reason: str, now: datetime) -> bool:
        """Stop the reminders, with an audit row; False where the incident is over."""

        def step(transaction: Transaction) -> bool:
            values = {
                "incident_id": incident.incident_id,
                "actor": actor,
                "reason": reason,
                "now": to_text(now),
            }
            taken = transaction.execute(
                "UPDATE cron_incident SET acked_at = :now, acked_by = :actor,"
                " ack_reason = :reason, remind_at = NULL"
                " WHERE incident_id = :incident_id AND recovered_at IS NULL",
                values,
            ).rowcount
            if taken:
                note(transaction, actor, "incidents:ack", incident.incident_id, reason, now)
            return bool(taken)

        return self._database.atomically(step)
