"""Pauses and the audit of what people change by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.operating.ports import Pause
from infra.sql.connection import Database, Transaction
from infra.sql.instants import optional_text, to_text
from infra.sql.run_rows import pause_of_row


class SqlPauses:
    """One row per paused command; a second pause replaces the first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[Pause]:
        rows = self._database.rows("SELECT * FROM cron_pause ORDER BY command")
        return [pause_of_row(row) for row in rows]

    def pause(self, pause: Pause) -> None:
        values = {
            "command": pause.command,
            "actor": pause.actor,
            "reason": pause.reason,
            "since": to_text(pause.since),
            "until": optional_text(pause.until),
        }
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM cron_pause WHERE command = :command", values)
            connection.execute(
                "INSERT INTO cron_pause (command, actor, reason, since, until)"
                " VALUES (:command, :actor, :reason, :since, :until)",
                values,
            )
            audit = (pause.actor, "jobs:pause", pause.command, pause.reason, pause.since)
            note(connection, *audit)

    def resume(self, command: str, *, actor: str, reason: str, now: datetime) -> bool:
        with self._database.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM cron_pause WHERE command = :command", {"command": command}
            ).rowcount
            if gone:
                note(connection, actor, "jobs:resume", command, reason, now)
        return bool(gone)


class SqlAudit:
    """The audit rows of verbs that change nothing in the database themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, *, actor: str, verb: str, target: str, reason: str, at: datetime) -> None:
        with self._database.transaction() as connection:
            note(connection, actor, verb, target, reason, at)


def note(
    connection: Transaction, actor: str, verb: str, target: str, reason: str, at: datetime
) -> None:
    connection.execute(
        "INSERT INTO cron_audit (at, actor, verb, object, reason)"
        " VALUES (:at, :actor, :verb, :object, :reason)",
        {"at": to_text(at), "actor": actor, "verb": verb, "object": target, "reason": reason},
    )
