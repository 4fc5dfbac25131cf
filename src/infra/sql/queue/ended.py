"""Ended messages: looked at without a lock, deleted by primary key in short transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, text

from domain.cleaning.stretches import Batch, Pile, Stretch
from domain.operating.ports import ActiveRun
from domain.queue.cleaning import Kind
from domain.queue.job import Status
from domain.queue.retention import Cutoffs
from infra.sql.address import MARIADB, POSTGRESQL, SQLITE
from infra.sql.database_clock import NOW
from infra.sql.engine import fenced_transaction, kind_of, reading
from infra.sql.queue.messages import instant_of, microseconds_of
from infra.sql.queue.statements import CONDITIONS

# No index knows when a message ended, on purpose: it would be written with every message, and
# messages end in about the order of their keys. What is old is found by walking the primary key.
# The last message of all stays whatever its age: SQLite would give its id, which partners know as
# msg:{id}, to the next one.
_LOOK = text(
    """
    SELECT queue, status, COUNT(*) AS seen, MAX(id) AS upto,
        MIN(created_at) AS created_first, MAX(created_at) AS created_last,
        COUNT(old_id) AS old, MIN(old_id) AS old_first, MAX(old_id) AS old_last
    FROM (
        SELECT id, queue, status, created_at, CASE
            WHEN id < (SELECT MAX(id) FROM queue) AND COALESCE(finished_at, created_at)
            < CASE status WHEN 'PROCESSED' THEN :processed WHEN 'CRASH' THEN :crashed END
            THEN id END AS old_id
        FROM queue WHERE id > :after ORDER BY id LIMIT :most
    ) AS part
    GROUP BY queue, status
    """
)

_NEVER = 0
"""Nothing ended before 1970."""

# Between the first and the last old one, so that no lock is asked for on rows that other
# transactions are just writing behind them.
_DELETE = text(
    f"""
    DELETE FROM queue WHERE id >= :first AND id <= :last AND queue = :queue AND status = :status
    AND {CONDITIONS["finished_before"]}
    """  # noqa: S608 - the table's own words
)

_DELETE_HISTORY = text(
    """
    DELETE FROM queue_history WHERE message_id >= :first AND message_id <= :last
    AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.id = queue_history.message_id)
    """
)

_COUNT = "INSERT INTO queue_counter (queue, name, value) VALUES (:queue, 'cleaned', :rows) {again}"
_AGAIN = "ON CONFLICT (queue, name) DO UPDATE SET value = queue_counter.value + :rows"
_AGAIN_ON = {
    SQLITE: _AGAIN,
    POSTGRESQL: _AGAIN,
    MARIADB: "ON DUPLICATE KEY UPDATE value = value + :rows",
}


class SqlEndedMessages:
    """``reader`` may be read-only: a dry run never opens the other engine."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self._engine, self._reader = engine, reader

    def now(self) -> datetime:
        with reading(self._reader) as connection:
            clock = text(f"SELECT {NOW[kind_of(connection)]}")
            return instant_of(connection.execute(clock).scalar_one())

    def look(self, after: int, most: int, cutoffs: Cutoffs) -> Stretch[Kind] | None:
        values = {
            "after": after,
            "most": most,
            "processed": microseconds_of(cutoffs.processed),
            "crashed": microseconds_of(cutoffs.crashed) if cutoffs.crashed else _NEVER,
        }
        with reading(self._reader) as connection:
            groups = connection.execute(_LOOK, values).mappings().all()
        return _stretch(after, groups, cutoffs) if groups else None

    def delete(self, piles: Sequence[Pile[Kind]], cutoffs: Cutoffs, run: ActiveRun) -> Batch[Kind]:
        going = [pile for pile in piles if pile.old]
        began = time.monotonic()
        with fenced_transaction(self._engine, run.leases) as connection:
            deleted = dict(_delete(connection, going, cutoffs))
            ends = {"first": min(p.first for p in going), "last": max(p.last for p in going)}
            history = connection.execute(_DELETE_HISTORY, ends).rowcount
            run.checkpoint("deleted")
        return Batch(deleted=deleted, further=history, seconds=time.monotonic() - began)


def _delete(
    connection: Connection, piles: Sequence[Pile[Kind]], cutoffs: Cutoffs
) -> Iterator[tuple[Kind, int]]:
    for pile in piles:
        queue, status = pile.kind
        values = {
            "first": pile.first,
            "last": pile.last,
            "queue": queue,
            "status": status.value,
            "cutoff": microseconds_of(cutoffs.statuses[status]),
        }
        rows = connection.execute(_DELETE, values).rowcount
        if status is Status.PROCESSED:
            _count(connection, queue, rows)
        yield pile.kind, rows


def _count(connection: Connection, queue: str, rows: int) -> None:
    """Count what is processed and gone: what is there is told without being counted."""
    count = text(_COUNT.format(again=_AGAIN_ON[kind_of(connection)]))
    connection.execute(count, {"queue": queue, "rows": rows})


def _stretch(after: int, groups: Sequence[RowMapping], cutoffs: Cutoffs) -> Stretch[Kind]:
    newest_cutoff = microseconds_of(max(cutoffs.statuses.values()))
    created = min(g["created_first"] for g in groups), max(g["created_last"] for g in groups)
    return Stretch(
        after=after,
        upto=max(group["upto"] for group in groups),
        rows=sum(group["seen"] for group in groups),
        is_new=newest_cutoff <= created[0] and created[1] <= microseconds_of(cutoffs.now),
        piles=[_pile(group) for group in groups if group["status"] in cutoffs.statuses],
    )


def _pile(group: RowMapping) -> Pile[Kind]:
    return Pile(
        kind=(group["queue"], Status(group["status"])),
        rows=group["seen"],
        old=group["old"],
        first=group["old_first"] or 0,
        last=group["old_last"] or 0,
    )
