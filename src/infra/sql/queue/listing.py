"""The queue as people look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from domain.queue.ageing import OUTGOING_LATER, PROMOTION
from domain.queue.job import Status
from domain.queue.listing import Barrier, Listed, Ownership, Past, Search, Standing
from infra.sql.address import MARIADB
from infra.sql.connection import Database, Row
from infra.sql.database_clock import NOW, STATEMENT_NOW
from infra.sql.queue.messages import ids_of, instant_of, microseconds_of
from infra.sql.queue.statements import MICROSECOND, row_ids, rows_are

_FIELDS = tuple(field.name for field in fields(Listed))
_COLUMNS = ", ".join(_FIELDS)

_CONDITIONS: Mapping[str, str] = {
    "queue": "queue = :queue",
    "status": "status = :status",
    "type": "type = :type",
    "crash_reason": "crash_reason = :crash_reason",
    "fingerprint": "fingerprint = :fingerprint",
    "entity_key": "entity_key = :entity_key",
    "since": "created_at >= :since",
}

_IN_TURN = (
    f"available_at + priority * {PROMOTION // MICROSECOND}"
    f" + CASE direction WHEN 'outgoing' THEN {OUTGOING_LATER // MICROSECOND} ELSE 0 END, id"
)

_AT_ONCE = 500
"""Rows of one statement: SQLite looks for each parameter among all the others."""

_PHASES: Mapping[str, str] = {
    "IN_QUEUE": "(2)",
    "PROCESSING": "(2)",
    "CRASH": "(3, 8)",
}
_STRANGE = "(9)"

# By the index on queue and phase: what was processed is not in it, or not looked at.
_WAITING = """
    SELECT queue, direction, 'NEW' AS status, COUNT(*) AS messages,
        MIN(CASE WHEN available_at <= {now} THEN available_at END) AS oldest
    FROM queue WHERE queue = :queue AND phase = 1 GROUP BY queue, direction
"""
_OTHERS = """
    SELECT queue, direction, status, COUNT(*) AS messages, MIN(status_since) AS oldest
    FROM queue WHERE queue = :queue AND phase = :phase GROUP BY queue, direction, status
"""
_OTHER_PHASES = (2, 3, 8, 9)

# From name to name: an index that leaves out what was processed must be told so.
_NEXT_NAME = "SELECT MIN(queue) AS name FROM queue WHERE queue > :last"
_IN_THE_INDEX = " AND phase IS NOT NULL"

_BARRIERS = """
    SELECT queue, type, actor, reason, since, until FROM queue_pause
    WHERE until IS NULL OR until > {now} ORDER BY queue, type
"""


class SqlQueueListing:
    """The QueueListing port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        [row] = self._database.rows(f"SELECT {NOW[self._database.kind]} AS now")
        return instant_of(int(row["now"]))

    # --- messages ---------------------------------------------------------------------------------

    def search(self, search: Search, most: int) -> Sequence[Listed]:
        """See the port. Finds ids first: half a million rows are put in order by index alone."""
        order = _IN_TURN if search.status == Status.NEW else "id DESC"
        ids = self._ids(search, f"ORDER BY {order} LIMIT :most", most=most)
        found = self.find(ids)
        return [found[number] for number in ids if number in found]

    def count(self, search: Search) -> int:
        where, values = self._where(search)
        [row] = self._database.rows(f"SELECT COUNT(*) AS n FROM queue WHERE {where}", **values)  # noqa: S608 - its own words
        return int(row["n"])

    def ids(self, search: Search) -> Sequence[int]:
        return self._ids(search, "ORDER BY id")

    def _ids(self, search: Search, order: str, **more: int) -> Sequence[int]:
        where, values = self._where(search)
        rows = self._database.rows(f"SELECT id FROM queue WHERE {where} {order}", **values, **more)  # noqa: S608 - its own words
        return ids_of(rows)

    def _where(self, search: Search) -> tuple[str, dict[str, Any]]:
        asked = {
            name: value for name in _CONDITIONS if (value := getattr(search, name)) is not None
        }
        values = {
            name: microseconds_of(value) if isinstance(value, datetime) else value
            for name, value in asked.items()
        }
        said = {name: _CONDITIONS[name] for name in asked} | _for_the_index(search)
        if search.queue is None and "index" in said:
            said["queue"] = self._any_queue(values)
        return " AND ".join(said.values()) or "1 = 1", values

    def _any_queue(self, values: dict[str, Any]) -> str:
        """Name every queue: the indexes of what has not ended well begin with it."""
        names = {f"any_{place}": name for place, name in enumerate(self.queues())}
        values.update(names)
        return f"queue IN ({', '.join(f':{name}' for name in names)})" if names else "1 = 0"

    def find(self, ids: Sequence[int]) -> Mapping[int, Listed]:
        parts = (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
        return {number: one for part in parts for number, one in self._found(part).items()}

    def _found(self, ids: Sequence[int]) -> Mapping[int, Listed]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM queue WHERE {rows_are(len(ids))}",  # noqa: S608 - its own words
            **row_ids(ids),
        )
        return {int(row["id"]): _listed(row) for row in rows}

    def history(self, message_id: int) -> Sequence[Past]:
        rows = self._database.rows(
            "SELECT at, move, actor, run_id, detail FROM queue_history"
            " WHERE message_id = :message_id ORDER BY id",
            message_id=message_id,
        )
        return [Past(**{**row, "at": instant_of(row["at"])}) for row in map(dict, rows)]

    def holder_of_key(self, queue: str, dedupe_key: str) -> int | None:
        row = self._database.row(
            "SELECT id FROM queue WHERE queue = :queue AND active_key = :key",
            queue=queue,
            key=dedupe_key,
        )
        return int(row["id"]) if row else None

    # --- queues -----------------------------------------------------------------------------------

    def queues(self) -> Sequence[str]:
        statement = _NEXT_NAME + ("" if self._database.kind == MARIADB else _IN_THE_INDEX)
        names, last = [], ""
        while (row := self._database.row(statement, last=last)) and row["name"] is not None:
            last = row["name"]
            names.append(last)
        return names

    def types(self, queue: str) -> Sequence[str]:
        rows = self._database.rows(
            "SELECT DISTINCT type FROM queue WHERE queue = :queue AND phase IN (1, 2, 3)",
            queue=queue,
        )
        return [row["type"] for row in rows]

    def standings(self, queue: str) -> Sequence[Standing]:
        waiting = _WAITING.format(now=STATEMENT_NOW[self._database.kind])
        rows = [*self._database.rows(waiting, queue=queue)]
        for phase in _OTHER_PHASES:
            rows += self._database.rows(_OTHERS, queue=queue, phase=phase)
        return [Standing(**{**row, "oldest": _instant(row["oldest"])}) for row in map(dict, rows)]

    def barriers(self) -> Sequence[Barrier]:
        rows = self._database.rows(_BARRIERS.format(now=NOW[self._database.kind]))
        return [
            Barrier(**{**row, "since": instant_of(row["since"]), "until": _instant(row["until"])})
            for row in map(dict, rows)
        ]

    def owners(self) -> Sequence[Ownership]:
        rows = self._database.rows(
            "SELECT queue, owner, actor, reason, since FROM queue_owner ORDER BY queue"
        )
        return [Ownership(**{**row, "since": instant_of(row["since"])}) for row in map(dict, rows)]

    def counters(self) -> Mapping[tuple[str, str], int]:
        rows = self._database.rows("SELECT queue, name, value FROM queue_counter")
        return {(row["queue"], row["name"]): int(row["value"]) for row in rows}


def _for_the_index(search: Search) -> dict[str, str]:
    """Say what the indexes know: they leave out what was processed, and begin with the queue."""
    if search.status == Status.NEW:
        return {"status": "phase = 1", "index": "phase IS NOT NULL"}  # no row need be opened
    if search.status not in (None, Status.PROCESSED):
        return {"index": f"phase IN {_PHASES.get(str(search.status), _STRANGE)}"}
    return {"index": "fingerprint IS NOT NULL"} if search.fingerprint is not None else {}


def _listed(row: Row) -> Listed:
    values = {name: row[name] for name in _FIELDS}
    instants = {name: _instant(values[name]) for name in _FIELDS if _is_instant(name)}
    return Listed(**{**values, **instants})


def _is_instant(name: str) -> bool:
    return name.endswith(("_at", "_since", "_until"))


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else instant_of(int(microseconds))
