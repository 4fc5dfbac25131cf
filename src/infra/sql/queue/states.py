"""The queues summed up for their metrics, cheaply however much waits or was processed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf

from infra.sql.connection import Database, Row, Transaction
from infra.sql.database_clock import NOW
from infra.telemetry.queue_state import COUNTERS, QueueState

# By the index on the phase alone: of half a million waiting rows none is opened.
_WAITING = """
    SELECT queue, COUNT(*) AS items, MIN(CASE WHEN available_at <= {now} THEN available_at END)
        AS oldest
    FROM queue WHERE phase = :phase GROUP BY queue
"""

_FEW = """
    SELECT queue, status, COUNT(*) AS items, MIN(status_since) AS oldest
    FROM queue WHERE phase = :phase GROUP BY queue, status
"""

_NEW, _IN_FLIGHT, _CRASHED, _STRANGE = 1, 2, 3, 9
"""Phases, see the table."""

_MICROSECONDS = 1_000_000


_ByQueue = Mapping[str, Mapping[str, float]]


class SqlQueueStates:
    """Reads every queue that is declared or on record; nothing is kept between two readings."""

    def __init__(self, database: Database, declared: Collection[str]) -> None:
        self._database, self._declared = database, declared

    def read(self) -> Sequence[QueueState]:
        rows, strange = self._rows(), self._strange()
        items = _by_queue(rows, "status", "items")
        oldest = _by_queue(rows, "status", "oldest", _MICROSECONDS)
        counted = self._database.rows("SELECT queue, name, value FROM queue_counter")
        counters, pauses = _by_queue(counted, "name", "value"), self._pauses()
        return [
            QueueState(
                queue=queue,
                items=items.get(queue, {}),
                oldest=oldest.get(queue, {}),
                counters=counters.get(queue, {}),
                strange=strange.get(queue, 0),
                paused_until=pauses.get(queue, {}),
            )
            for queue in sorted({*self._declared, *counters, *pauses, *items, *strange})
        ]

    def declare(self) -> Mapping[str, int]:
        """Begin the counters of declared queues at zero; gives how many of each were missing."""

        def write(transaction: Transaction) -> Mapping[str, int]:
            return {
                queue: sum(
                    transaction.insert_new(
                        "queue_counter", {"queue": queue, "name": name, "value": 0}
                    )
                    for name in sorted(COUNTERS)
                )
                for queue in sorted(self._declared)
            }

        return self._database.atomically(write)

    def _pauses(self) -> _ByQueue:
        pauses: dict[str, dict[str, float]] = {}
        for row in self._database.rows("SELECT queue, type, until FROM queue_pause"):
            until = inf if row["until"] is None else row["until"] / _MICROSECONDS
            pauses.setdefault(row["queue"], {})[row["type"]] = until
        return pauses

    def _rows(self) -> Sequence[Row]:
        """Give queue, status, items and oldest of all that was not processed."""
        waiting = _WAITING.format(now=NOW[self._database.kind])
        found = [{**row, "status": "NEW"} for row in self._database.rows(waiting, phase=_NEW)]
        for phase in (_IN_FLIGHT, _CRASHED):
            found += [{**row} for row in self._database.rows(_FEW, phase=phase)]
        return found

    def _strange(self) -> Mapping[str, int]:
        strange: dict[str, int] = {}
        for row in self._database.rows(_FEW, phase=_STRANGE):
            strange[row["queue"]] = strange.get(row["queue"], 0) + int(row["items"])
        return strange


def _by_queue(rows: Sequence[Row], name: str, column: str, scale: float = 1) -> _ByQueue:
    """Give the column by queue and name; what is null is left out."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault(row["queue"], {})[row[name]] = row[column] / scale
    return found
