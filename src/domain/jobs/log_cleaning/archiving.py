"""Rows that go into an archive before they are deleted, each into one and only one.

An archive is sealed before its rows' deletion and valid after it. What a run that died left sealed
is settled by the next: its rows went all or none, so the table says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.cleaning.stretches import Batch, OldRows, Stretch
from domain.jobs.log_cleaning.ports import LOG, LogArchive, UpdateLog
from domain.operating.ports import ActiveRun


@dataclass(frozen=True)
class ArchivedRows:
    """Old rows that are archived first; what others changed meanwhile waits for the next run."""

    log: UpdateLog
    archive: LogArchive
    cutoff: datetime
    rows: OldRows[str]

    def look(self, after: int, most: int) -> Stretch[str] | None:
        return self.rows.look(after, most)

    def delete(self, part: Stretch[str], run: ActiveRun) -> Batch[str]:
        entries = self.log.read(part, self.cutoff)
        if not entries:  # somebody else deleted them since they were looked at
            return Batch(deleted={}, seconds=0.0)
        sealed = self.archive.seal(entries)
        run.checkpoint("archived")
        ids = [entry["id"] for entry in entries]
        seconds = self.log.delete_just(part, self.cutoff, ids, run)
        run.checkpoint("deleted")
        if seconds is None:
            sealed.discard()
            return Batch(deleted={}, seconds=0.0)
        sealed.keep()
        return Batch(deleted={LOG: len(entries)}, seconds=seconds, further=len(entries))


def settle(log: UpdateLog, archive: LogArchive) -> None:
    """Finish what a run that died has left."""
    for sealed in archive.unsettled():
        if log.are_there(sealed.entries()):
            sealed.discard()
        else:
            sealed.keep()
