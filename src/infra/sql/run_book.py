"""The ledger for readers: runs and their attempts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from domain.errors import Refused
from domain.operating.history import AttemptRecord, RunRecord
from infra.sql.connection import Database, Row
from infra.sql.instants import from_text, optional_instant
from infra.sql.run_rows import run_of


class SqlRunBook:
    """Reads the ledger's tables on the supervisor's light connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, *, limit: int, command: str | None, outcome: str | None) -> Sequence[RunRecord]:
        rows = self._database.rows(
            "SELECT * FROM cron_run WHERE (:command IS NULL OR command = :command)"
            " AND (:outcome IS NULL OR outcome = :outcome OR status = :outcome)"
            " ORDER BY started_at DESC, run_id DESC LIMIT :limit",
            command=command,
            outcome=outcome,
            limit=limit,
        )
        return [_record(row) for row in rows]

    def run(self, run_id: str) -> RunRecord:
        """Find by id or its unique beginning. Raises Refused where none or several match."""
        rows = self._database.rows(
            "SELECT * FROM cron_run WHERE substr(run_id, 1, :length) = :run_id"
            " ORDER BY run_id LIMIT 2",
            run_id=run_id,
            length=len(run_id),
        )
        if not rows:
            raise Refused(f"no run {run_id}; bin/console runs:list shows the newest")
        if len(rows) > 1:
            raise Refused(f"several runs begin with {run_id}; give more of the id")
        return _record(rows[0])

    def attempts(self, run_id: str) -> Sequence[AttemptRecord]:
        rows = self._database.rows(
            "SELECT * FROM cron_attempt WHERE run_id = :run_id ORDER BY attempt", run_id=run_id
        )
        return [
            AttemptRecord(
                attempt=row["attempt"],
                started_at=from_text(row["started_at"]),
                finished_at=optional_instant(row["finished_at"]),
                outcome=row["outcome"],
                message=row["message"] or "",
            )
            for row in rows
        ]


def _record(row: Row) -> RunRecord:
    return RunRecord(
        start=run_of(row),
        outcome=row["outcome"],
        exit_code=row["exit_code"],
        message=row["message"] or "",
        error=row["error"] or "",
        finished_at=optional_instant(row["finished_at"]),
        attempts=row["attempts"],
        lock_key=row["lock_key"],
        fence=row["fence"],
        holder_run_id=row["holder_run_id"],
        summary=json.loads(row["summary"]) if row["summary"] else {},
        log_tail=row["log_tail"] or "",
    )
