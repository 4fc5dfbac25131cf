"""Rows of the queue by the hundred thousand, written by the database itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.queue.raw_stores import PAYLOAD, Raw, connect

from infra.sql.database_clock import NOW

QUEUE, TYPES = "general", 3

_PORTION = 100_000

_SERIES: Mapping[str, str] = {
    "sqlite": "(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s LIMIT {count})"
    " SELECT i FROM s) AS series",
    "postgresql": "generate_series(1, {count}) AS series (i)",
    "mariadb": "(SELECT seq AS i FROM seq_1_to_{count}) AS series",
}
_TIDY: Mapping[str, str] = {
    "sqlite": "ANALYZE",
    "postgresql": "VACUUM ANALYZE queue",
    "mariadb": "ANALYZE TABLE queue",
}
_FROM_ZERO: Mapping[str, str] = {
    "sqlite": "DELETE FROM queue",
    "postgresql": "TRUNCATE queue",
    "mariadb": "TRUNCATE TABLE queue",
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What to write: ``type_`` in SQL of ``i``, ``seconds`` from now until it is due."""

    status: str = "NEW"
    type_: str = f"concat('bench.type_', i % {TYPES})"
    seconds: int = 0
    entity_key: str = "NULL"


WAITING = Rows()
FINISHED = Rows(status="PROCESSED")
DELAYED = Rows(seconds=86_400)
PAUSED = Rows(type_="'bench.paused'")
BUSY = Rows(entity_key="'one-article'")


class Filling:
    """The queue's table of one database, every row of it under control."""

    def __init__(self, url: str) -> None:
        self.kind = urlsplit(url).scheme
        self._store: Raw = connect(url)
        self._now = NOW[self.kind]

    def empty(self) -> None:
        for statement in (_FROM_ZERO[self.kind], "DELETE FROM queue_pause"):
            self._store.execute(statement)

    def add(self, rows: Rows, count: int) -> None:
        for begun in range(0, count, _PORTION):
            self._add(rows, min(_PORTION, count - begun))

    def _add(self, rows: Rows, count: int) -> None:
        type_ = rows.type_
        if self.kind == "sqlite" and type_.startswith("concat"):  # which it has not before 3.44
            type_ = f"'bench.type_' || (i % {TYPES})"
        finished = self._now if rows.status == "PROCESSED" else "NULL"
        self._store.execute(
            f"""
            INSERT INTO queue (queue, type, priority, status, available_at, entity_key,
                finished_at, payload)
            SELECT '{QUEUE}', {type_}, 4 + i % 3, '{rows.status}',
                {self._now} + {rows.seconds * 1_000_000} - 1, {rows.entity_key}, {finished},
                '{PAYLOAD}'
            FROM {_SERIES[self.kind].format(count=count)}
            """  # noqa: S608 - the words are the benchmark's own
        )

    def pause(self, type_: str) -> None:
        self._store.execute(
            f"""
            INSERT INTO queue_pause (queue, type, actor, reason)
            VALUES ('{QUEUE}', '{type_}', 'bench', 'measured')
            """  # noqa: S608 - the words are the benchmark's own
        )

    def settle(self, which: str) -> None:
        """Take claimed messages through the two steps that are left to them."""
        begin = "status = 'PROCESSING', attempts = attempts + 1"
        end = f"status = 'PROCESSED', lease_until = NULL, finished_at = {self._now}"
        for changes in (begin, end):
            # The words are the benchmark's own.
            self._store.execute(f"UPDATE queue SET {changes} WHERE {which}")  # noqa: S608

    def take(self, which: str) -> None:
        """Claim without looking, as fast as one statement can."""
        lease = f"run_id = 'bench', claim_no = claim_no + 1, lease_until = {self._now} + 60000000"
        # The words are the benchmark's own.
        self._store.execute(f"UPDATE queue SET status = 'IN_QUEUE', {lease} WHERE {which}")  # noqa: S608

    def tidy(self) -> None:
        """Statistics, and what a vacuum does where there is one."""
        told = self._store.execute(_TIDY[self.kind])
        if self.kind == "mariadb":
            told.fetchall()  # or the next statement finds the answer unread

    def leave_untidy(self) -> None:
        """Keep the server from vacuuming while it is measured what happens without."""
        if self.kind == "postgresql":
            self._store.execute("ALTER TABLE queue SET (autovacuum_enabled = off)")
