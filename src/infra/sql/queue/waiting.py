"""Which messages wait, in their order, found by index however many there are.

What waits is read in lanes, one per type, direction and priority: within a lane the index has the
order, and a paused type's lanes are not read at all. The lanes' first messages are then merged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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

_WINDOW = """
    SELECT * FROM (
        SELECT id, entity_key, available_at, {place} AS place FROM queue
        WHERE queue = :queue AND phase = 1
            AND type = :type_{place} AND direction = :direction_{place} AND priority = {priority}
            AND available_at <= {now} {after}
        ORDER BY available_at, id LIMIT :most
    ) AS lane_{place}
"""

# Said twice, for the index is asked for the first part only.
_AFTER = """
    AND available_at >= :after_at_{place}
    AND (available_at > :after_at_{place} OR id > :after_{place})
"""

_BUSY = "SELECT busy_key FROM queue WHERE queue = :queue AND phase = 2 AND busy_key IS NOT NULL"

LOOK = 500
"""Rows of a lane that a poll looks at behind those that wait for others of their entity keys."""


Place = tuple[int, int]
"""Where a message stands in its lane: since when it is available, and its id."""


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


class Found(NamedTuple):
    """One waiting message, and the instant at which it counts as priority 0."""

    turn: int
    id: int
    entity_key: str | None
    place: Place
    lane: Lane


class Waiting:
    """Reads what waits; locks and changes nothing.

    A poll looks at a bounded number of rows: where many wait behind one busy entity key, it looks
    at the first ones, and goes on behind them from where the last poll ended.
    """

    def __init__(self, database: Database, now: str) -> None:
        self._database, self._now = database, now
        self._reached: dict[tuple[str, Lane], Place] = {}

    def heads(self, wanted: Wanted, most: int) -> list[int]:
        """Give the ids of up to ``most`` due messages in their order, one per entity key."""
        lanes = self.lanes(wanted)
        found = self._windows(wanted.queue, dict.fromkeys(lanes), most)
        if any(one.entity_key is not None for one in found):
            found = self._free(wanted.queue, found, most)
        return [one.id for one in sorted(found)[:most]]

    def _free(self, queue: str, found: Sequence[Found], most: int) -> list[Found]:
        """Leave out messages of busy entity keys, and find others behind them."""
        busy = {row["busy_key"] for row in self._database.rows(_BUSY, queue=queue)}
        free = _one_per_entity(found, busy)
        full = _ends(found, most)
        if len(free) >= most or not full:
            self._reached.clear()
            return free
        starts = {
            lane: max(end, self._reached.get((queue, lane), end)) for lane, end in full.items()
        }
        further = self._windows(queue, starts, LOOK)
        free = _one_per_entity([*found, *further], busy)
        if len(free) < most:
            ends = _ends(further, LOOK)
            self._reached = {(queue, lane): end for lane, end in ends.items()}
        return free

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

    def statement(self, starts: Mapping[Lane, Place | None]) -> str:
        """Write the statement that reads the lanes from their heads on, or from behind a place."""
        return " UNION ALL ".join(
            _WINDOW.format(
                now=self._now,
                place=place,
                priority=lane.priority,
                after=_AFTER.format(place=place) if start else "",
            )
            for place, (lane, start) in enumerate(starts.items())
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

    def _windows(self, queue: str, starts: Mapping[Lane, Place | None], most: int) -> list[Found]:
        lanes = list(starts.items())
        portions = (
            dict(lanes[start : start + _LANES_AT_ONCE])
            for start in range(0, len(lanes), _LANES_AT_ONCE)
        )
        return [one for portion in portions for one in self._window(queue, portion, most)]

    def _window(
        self, queue: str, starts: Mapping[Lane, Place | None], most: int
    ) -> Iterator[Found]:
        values: dict[str, object] = {}
        for place, (lane, start) in enumerate(starts.items()):
            values |= {f"type_{place}": lane.type, f"direction_{place}": lane.direction}
            if start:
                values |= {f"after_at_{place}": start[0], f"after_{place}": start[1]}
        lanes = list(starts)
        for row in self._database.rows(self.statement(starts), queue=queue, most=most, **values):
            lane, at, message_id = lanes[row["place"]], int(row["available_at"]), int(row["id"])
            yield Found(at + lane.ahead, message_id, row["entity_key"], (at, message_id), lane)


def _lane(row: Row) -> Lane:
    return Lane(row["type"], row["direction"], row["priority"])


def _ends(found: Sequence[Found], most: int) -> dict[Lane, Place]:
    """Give the lanes of which no more was read than was asked for, and how far that was."""
    by_lane: dict[Lane, list[Place]] = {}
    for one in found:
        by_lane.setdefault(one.lane, []).append(one.place)
    return {lane: max(places) for lane, places in by_lane.items() if len(places) >= most}


def _one_per_entity(found: Sequence[Found], busy: Collection[str]) -> list[Found]:
    taken: set[str | None] = set(busy)
    free = []
    for one in sorted(found):
        if one.entity_key is None or one.entity_key not in taken:
            free.append(one)
            taken.add(one.entity_key)
    return free
