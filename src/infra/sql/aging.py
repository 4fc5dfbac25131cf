"""Tables of which rows go by age: looked at without a lock, deleted by primary key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, text

from domain.cleaning.stretches import Batch, Pile, Stretch
from domain.operating.ports import ActiveRun
from infra.sql.database_clock import NOW
from infra.sql.engine import fenced_transaction, kind_of, reading
from infra.sql.queue.messages import instant_of, microseconds_of

# As in the queue: no index knows the age, and rows come in about the order of their keys.
_LOOK = """
    SELECT COUNT(*) AS seen, MAX(id) AS upto, MIN(at) AS first_at, MAX(at) AS last_at,
        COUNT(old_id) AS old, MIN(old_id) AS old_first, MAX(old_id) AS old_last
    FROM (
        SELECT id, {at} AS at, CASE WHEN {at} < :cutoff THEN id END AS old_id
        FROM {table} WHERE id > :after ORDER BY id LIMIT :most
    ) AS part
"""

# Between the first and the last old one, so that no lock is asked for on rows that other
# transactions are just writing behind them.
_OLD = "FROM {table} WHERE id >= :first AND id <= :last AND {at} < :cutoff"


def database_now(engine: Engine) -> datetime:
    """Read the database's own clock: hosts may disagree."""
    with reading(engine) as connection:
        clock = text(f"SELECT {NOW[kind_of(connection)]}")
        return instant_of(connection.execute(clock).scalar_one())


class AgingTable:
    """The OldRows port on one table and one cutoff; ``reader`` may be read-only."""

    def __init__(
        self, engines: tuple[Engine, Engine], table: str, at: str, cutoff: datetime
    ) -> None:
        self._engine, self._reader = engines
        self.table, self._cutoff = table, microseconds_of(cutoff)
        self.old_rows = _OLD.format(table=table, at=at)
        self._look = text(_LOOK.format(table=table, at=at))

    def look(self, after: int, most: int) -> Stretch[str] | None:
        values = {"after": after, "most": most, "cutoff": self._cutoff}
        with reading(self._reader) as connection:
            [found] = connection.execute(self._look, values).mappings().all()
            now = connection.execute(text(f"SELECT {NOW[kind_of(connection)]}")).scalar_one()
        return self._stretch(after, found, now) if found["seen"] else None

    def delete(self, part: Stretch[str], run: ActiveRun) -> Batch[str]:
        began = time.monotonic()
        with fenced_transaction(self._engine, run.leases) as connection:
            deleted = self.delete_in(connection, part)
            run.checkpoint("deleting")
        return Batch(deleted={self.table: deleted}, seconds=time.monotonic() - began)

    def delete_in(self, connection: Connection, part: Stretch[str]) -> int:
        """Delete within a transaction of the caller's; gives the number of rows."""
        return connection.execute(text(f"DELETE {self.old_rows}"), self.ends_of(part)).rowcount

    def ends_of(self, part: Stretch[str]) -> Mapping[str, int]:
        """Give the values that ``old_rows`` asks for."""
        [pile] = part.piles
        return {"first": pile.first, "last": pile.last, "cutoff": self._cutoff}

    def _stretch(self, after: int, found: RowMapping, now: int) -> Stretch[str]:
        pile = Pile(
            kind=self.table,
            rows=found["seen"],
            old=found["old"],
            first=found["old_first"] or 0,
            last=found["old_last"] or 0,
        )
        return Stretch(
            after=after,
            upto=found["upto"],
            rows=found["seen"],
            is_new=self._cutoff <= found["first_at"] and found["last_at"] <= now,
            piles=[pile],
        )
