"""The queues summed up for their metrics, cheaply however much waits or was processed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import inf

from infra.sql.address import MARIADB, POSTGRESQL, SQLITE
from infra.sql.connection import Database, Row, Transaction
from infra.sql.database_clock import NOW
from infra.telemetry.queue_state import COUNTERS, QueueState

# Every statement seeks in the index of the phases, however much was processed. Where the index has
# rows without a phase too, only the bare minimum is a seek.
_NEXT = {
    MARIADB: "SELECT MIN(queue) AS queue FROM queue WHERE queue > :last",
    POSTGRESQL: "SELECT queue FROM queue WHERE queue > :last AND phase IS NOT NULL"
    " ORDER BY queue LIMIT 1",
}
_NEXT[SQLITE] = _NEXT[POSTGRESQL]

# By the index alone: of half a million waiting rows none is opened.
_WAITING = """
    SELECT COUNT(*) AS items, MIN(CASE WHEN available_at <= {now} THEN available_at END) AS oldest
    FROM queue WHERE queue = :queue AND phase = :phase
"""

_FEW = """
    SELECT status, COUNT(*) AS items, MIN(status_since) AS oldest
    FROM queue WHERE queue = :queue AND phase = :phase GROUP BY status
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
        used = [*self._queues()]
        rows, strange = self._rows(used), self._strange(used)
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

    def _queues(self) -> Iterator[str]:
        """Name the queues that have rows, by one seek each."""
        statement, last = _NEXT[self._database.kind], ""
        while (row := self._database.row(statement, last=last)) and row["queue"]:
            last = row["queue"]
            yield last

    def _rows(self, queues: Sequence[str]) -> Sequence[Row]:
        """Give queue, status, items and oldest of all that was not processed."""
        waiting = _WAITING.format(now=NOW[self._database.kind])
        found: list[Row] = []
        for queue in queues:
            counts = self._database.rows(waiting, queue=queue, phase=_NEW)
            found += [{**row, "queue": queue, "status": "NEW"} for row in counts if row["items"]]
            for phase in (_IN_FLIGHT, _CRASHED):
                found += self._few(queue, phase)
        return found

    def _few(self, queue: str, phase: int) -> Sequence[Row]:
        rows = self._database.rows(_FEW, queue=queue, phase=phase)
        return [{**row, "queue": queue} for row in rows]

    def _strange(self, queues: Sequence[str]) -> Mapping[str, int]:
        counts = {queue: self._few(queue, _STRANGE) for queue in queues}
        return {
            queue: sum(int(row["items"]) for row in rows) for queue, rows in counts.items() if rows
        }


def _by_queue(rows: Sequence[Row], name: str, column: str, scale: float = 1) -> _ByQueue:
    """Give the column by queue and name; what is null is left out."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault(row["queue"], {})[row[name]] = row[column] / scale
    return found
