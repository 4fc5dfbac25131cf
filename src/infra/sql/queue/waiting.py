"""Which messages wait, in their order, found by index however many there are.

What waits is read in lanes, one per type, direction and priority: within a lane the index has the
order, and a paused type's lanes are not read at all. The lanes' first messages are then merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.queue.ageing import OUTGOING_LATER, PROMOTION
from domain.queue.dao import Wanted
from domain.queue.job import Direction
from infra.sql.address import POSTGRESQL
from infra.sql.connection import Database, Row
from infra.sql.queue.statements import MICROSECOND

_LANES_AT_ONCE = 50
"""Of a queue with more lanes, several statements read them."""

_BARRED = """
    SELECT type FROM queue_pause WHERE queue = :queue AND (until IS NULL OR until > {now})
    UNION ALL SELECT '' FROM queue_owner WHERE queue = :queue AND owner = 'legacy'
"""

_WAITING = "SELECT type, direction, priority FROM queue WHERE queue = :queue AND phase = 1"

# From each lane straight to the next one, whatever waits in between: the same lane's type and
# direction first. As one comparison of rows only PostgreSQL finds it by the index.
_NEXT = f"""
    SELECT * FROM ({_WAITING} AND type = {{lane}}type AND direction = {{lane}}direction
        AND priority > {{lane}}priority ORDER BY priority LIMIT 1) AS same_direction
    UNION ALL
    SELECT * FROM ({_WAITING} AND type = {{lane}}type AND direction > {{lane}}direction
        ORDER BY direction, priority LIMIT 1) AS same_type
    UNION ALL
    SELECT * FROM ({_WAITING} AND type > {{lane}}type
        ORDER BY type, direction, priority LIMIT 1) AS other_type
    LIMIT 1
"""  # noqa: S608 - its own words

_FIRST = f"{_WAITING} ORDER BY type, direction, priority LIMIT 1"

_LANES = f"""
    WITH RECURSIVE lane AS (
        ({_FIRST}) UNION ALL
        SELECT following.* FROM lane
            CROSS JOIN LATERAL ({_NEXT.format(lane="lane.")}) AS following
    ) SELECT type, direction, priority FROM lane
"""  # noqa: S608 - its own words

_HEAD = """
    SELECT * FROM (
        SELECT id, entity_key, available_at + {ahead} AS turn FROM queue AS waiting
        WHERE queue = :queue AND phase = 1
            AND type = :type_{place} AND direction = :direction_{place} AND priority = {priority}
            AND available_at <= {now} AND (entity_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM queue AS held
                WHERE held.queue = :queue AND held.busy_key = waiting.entity_key))
        ORDER BY available_at, id LIMIT :most
    ) AS lane_{place}
"""


class Lane(NamedTuple):
    """What has one order in the index."""

    type: str
    direction: str
    priority: int

    @property
    def ahead(self) -> int:
        """What the lane's messages stand behind their instant, in microseconds: the ageing."""
        later = OUTGOING_LATER if self.direction == Direction.OUTGOING else 0 * PROMOTION
        return (self.priority * PROMOTION + later) // MICROSECOND


class Waiting:
    """Reads what waits; locks and changes nothing."""

    def __init__(self, database: Database, now: str) -> None:
        self._database, self._now = database, now

    def heads(self, wanted: Wanted, most: int) -> list[int]:
        """Give the ids of up to ``most`` due messages in their order, one per entity key."""
        rows = [
            row
            for lanes in _portions(self.lanes(wanted))
            for row in self._read(lanes, wanted.queue, most)
        ]
        rows.sort(key=lambda row: (row["turn"], row["id"]))
        return _one_per_entity(rows)[:most]

    def lanes(self, wanted: Wanted) -> list[Lane]:
        """Give the lanes in which something waits that may be taken."""
        barred = self._barred(wanted.queue)
        if "" in barred:
            return []
        return [
            lane
            for lane in self._all_lanes(wanted.queue)
            if lane.type not in barred
            and (not wanted.types or lane.type in wanted.types)
            and wanted.direction in (None, lane.direction)
        ]

    def statement(self, lanes: Sequence[Lane]) -> str:
        """Write the statement that reads the lanes' first messages."""
        return " UNION ALL ".join(
            _HEAD.format(now=self._now, place=place, ahead=lane.ahead, priority=lane.priority)
            for place, lane in enumerate(lanes)
        )

    def _barred(self, queue: str) -> set[str]:
        """Give the paused types; an empty one stands for the whole queue."""
        rows = self._database.rows(_BARRED.format(now=self._now), queue=queue)
        return {row["type"] for row in rows}

    def _all_lanes(self, queue: str) -> Iterator[Lane]:
        if self._database.kind != POSTGRESQL:
            return self._lanes_one_by_one(queue)
        rows = self._database.rows(_LANES, queue=queue)
        return (_lane(row) for row in rows)

    def _lanes_one_by_one(self, queue: str) -> Iterator[Lane]:
        row = self._database.row(_FIRST, queue=queue)
        while row is not None:
            lane = _lane(row)
            yield lane
            row = self._database.row(_NEXT.format(lane=":"), queue=queue, **lane._asdict())

    def _read(self, lanes: Sequence[Lane], queue: str, most: int) -> Sequence[Row]:
        values = {
            f"{name}_{place}": value
            for place, lane in enumerate(lanes)
            for name, value in (("type", lane.type), ("direction", lane.direction))
        }
        return self._database.rows(self.statement(lanes), queue=queue, most=most, **values)


def _lane(row: Row) -> Lane:
    return Lane(row["type"], row["direction"], row["priority"])


def _portions(lanes: Sequence[Lane]) -> Iterator[Sequence[Lane]]:
    for start in range(0, len(lanes), _LANES_AT_ONCE):
        yield lanes[start : start + _LANES_AT_ONCE]


def _one_per_entity(rows: Sequence[Row]) -> list[int]:
    taken: set[str] = set()
    ids = []
    for row in rows:
        key = row["entity_key"]
        if key not in taken:
            ids.append(int(row["id"]))
        if key is not None:
            taken.add(key)
    return ids
