"""What a processor would find, counted without touching it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.queue.dao import Wanted
from domain.queue.station import Due
from infra.sql.connection import Database
from infra.sql.database_clock import NOW

_FOUND = """
    SELECT type, direction, {state} AS state, COUNT(*) AS found FROM queue
    WHERE queue = :queue AND phase IN (1, 2) AND (status <> 'NEW' OR available_at <= {now})
    GROUP BY type, direction, {state} ORDER BY type, direction, state
"""

_STATE = """CASE WHEN status = 'NEW' THEN
    CASE WHEN EXISTS (SELECT 1 FROM queue_owner AS owned
            WHERE owned.queue = queue.queue AND owned.owner = 'legacy') THEN 'legacy'
        WHEN EXISTS (SELECT 1 FROM queue_pause AS pause
            WHERE pause.queue = queue.queue AND pause.type IN ('', queue.type)
            AND (pause.until IS NULL OR pause.until > {now})) THEN 'paused'
        ELSE 'due' END
    WHEN lease_until > {now} THEN 'live'
    WHEN lease_until IS NOT NULL THEN 'stale' ELSE 'unleased' END"""

_WORDS = {
    "due": "would be claimed",
    "paused": "left: paused",
    "legacy": "left: the queue is the legacy side's",
    "live": "left: another works on it",
    "stale": "would be taken from a silent holder",
    "unleased": "left until it is too old: in flight without a lease",
}
_BY_FORCE = {
    "live": "would be put back by force",
    "stale": "would be put back by force",
    "unleased": "would be put back by force",
}


class SqlOutlook:
    """The Outlook port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, wanted: Wanted, *, restart: bool, live: bool) -> Sequence[Due]:
        words = dict(_WORDS)
        if restart:
            words |= {state: said for state, said in _BY_FORCE.items() if live or state != "live"}
        return list(self._found(wanted, words))

    def _found(self, wanted: Wanted, words: dict[str, str]) -> Iterator[Due]:
        now = NOW[self._database.kind]
        state = _STATE.format(now=now)
        for row in self._database.rows(_FOUND.format(state=state, now=now), queue=wanted.queue):
            if _is_wanted(row["type"], row["direction"], wanted) or row["state"] == "live":
                yield Due(
                    type=row["type"],
                    direction=row["direction"],
                    state=words[row["state"]],
                    count=int(row["found"]),
                )


def _is_wanted(type_: str, direction: str, wanted: Wanted) -> bool:
    return wanted.direction in (None, direction) and (not wanted.types or type_ in wanted.types)
