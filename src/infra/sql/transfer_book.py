"""The sets of files that arrived at partners, with their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.jobs.simulator.ports import BuiltFile, SentSet
from domain.operating.ports import ActiveRun
from infra.sql.connection import Database
from infra.sql.database_clock import NOW
from infra.sql.fence import fenced

_NEWEST = """
    SELECT id, sha256, {now} - sent_at AS age FROM transfer_run
    WHERE subject = :subject AND partner = :partner ORDER BY id DESC LIMIT 1
"""
_NUMBER = "SELECT MAX(id) AS id FROM transfer_run WHERE run_id = :run_id"


class SqlTransferBook:
    """The TransferBook port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, subject: str, partner: str) -> SentSet | None:
        question = _NEWEST.format(now=NOW[self._database.kind])
        found = self._database.row(question, subject=subject, partner=partner)
        if found is None:
            return None
        files = self._database.rows(
            "SELECT name, line_count FROM transfer_file WHERE transfer_run_id = :id", id=found["id"]
        )
        return SentSet(
            digest=str(found["sha256"]),
            age=timedelta(microseconds=max(0, int(found["age"]))),
            lines={str(file["name"]): int(file["line_count"]) for file in files},
        )

    def enter(self, subject: str, partner: str, files: Sequence[BuiltFile], run: ActiveRun) -> None:
        row = {"subject": subject, "partner": partner, "sha256": files[-1].digest}
        with fenced(self._database, run.leases) as transaction:
            transaction.insert("transfer_run", {"run_id": run.run_id, **row})
            number = transaction.row(_NUMBER, run_id=run.run_id)
            for file in files:
                values = {
                    "transfer_run_id": number["id"] if number else None,
                    "name": file.name,
                    "line_count": file.lines,
                    "size_bytes": file.size_bytes,
                    "sha256": file.digest,
                }
                transaction.insert("transfer_file", values)
