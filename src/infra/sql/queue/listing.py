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
from infra.sql.queue.messages import instant_of, microseconds_of
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
        order = _IN_TURN if search.status == Status.NEW else "id DESC"
        where, values = _where(search)
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM queue WHERE {where} ORDER BY {order} LIMIT :most",  # noqa: S608 - its own words
            most=most,
            **values,
        )
        return [_listed(row) for row in rows]

    def count(self, search: Search) -> int:
        where, values = _where(search)
        row = self._database.row(f"SELECT COUNT(*) AS n FROM queue WHERE {where}", **values)  # noqa: S608
        return int(row["n"]) if row else 0

    def ids(self, search: Search) -> Sequence[int]:
        where, values = _where(search)
        rows = self._database.rows(f"SELECT id FROM queue WHERE {where} ORDER BY id", **values)  # noqa: S608
        return [int(row["id"]) for row in rows]

    def find(self, ids: Sequence[int]) -> Mapping[int, Listed]:
        if not ids:
            return {}
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


def _where(search: Search) -> tuple[str, dict[str, Any]]:
    asked = {name: value for name in _CONDITIONS if (value := getattr(search, name)) is not None}
    values = {
        name: microseconds_of(value) if isinstance(value, datetime) else value
        for name, value in asked.items()
    }
    conditions = [_CONDITIONS[name] for name in asked]
    if search.fingerprint is not None:  # what its index leaves out, so that it is used
        conditions.append("fingerprint IS NOT NULL")
    return " AND ".join(conditions) or "1 = 1", values


def _listed(row: Row) -> Listed:
    values = {name: row[name] for name in _FIELDS}
    instants = {name: _instant(values[name]) for name in _FIELDS if _is_instant(name)}
    return Listed(**{**values, **instants})


def _is_instant(name: str) -> bool:
    return name.endswith(("_at", "_since", "_until"))


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else instant_of(int(microseconds))
