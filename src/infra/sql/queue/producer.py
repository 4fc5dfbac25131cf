"""Q1: messages are written in the transaction of whoever has something to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from domain.errors import Refused
from domain.queue.job import FIRST, LAST, Direction
from domain.queue.work import Draft, Enqueued
from infra.sql.address import MARIADB
from infra.sql.connection import Row
from infra.sql.database_clock import STATEMENT_NOW
from infra.sql.drivers.faults import Collision
from infra.sql.queue.statements import MICROSECOND

ROWS_AT_ONCE = 200
"""A statement stays well below what the servers take at once, unless payloads are huge."""

USUAL_ATTEMPTS = 3

_LENGTHS = {"queue": 40, "type": 120, "entity_key": 200, "dedupe_key": 200}
_CUT = {"correlation_id": 200, "created_by": 80}

_GIVEN = (
    *("queue", "type", "payload", "direction", "priority", "entity_key", "dedupe_key"),
    *("max_attempts", "correlation_id", "created_by"),
)
_COLUMNS = ", ".join((*_GIVEN, "status_since", "created_at", "available_at"))

_TRIES = 5

Numbered = tuple[int, Draft]


class Writer(Protocol):
    """What messages are written with: an open transaction, or one that this opens."""

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> Any: ...
    def insert_rows(
        self, table: str, columns: str, rows: Sequence[str], values: Mapping[str, Any], back: str
    ) -> Sequence[Row]: ...


class SqlProducer:
    """The Producer port. Source: the legacy side's bare INSERT INTO queue."""

    def __init__(self, writer: Writer, kind: str) -> None:
        self._writer, self._kind = writer, kind
        self._now = STATEMENT_NOW[kind]

    def enqueue(self, draft: Draft) -> Enqueued:
        return self.enqueue_all([draft])[0]

    def enqueue_all(self, drafts: Sequence[Draft]) -> Sequence[Enqueued]:
        for draft in drafts:
            _check(draft)
        numbered = list(enumerate(drafts))
        written: dict[int, Enqueued] = {}
        for start in range(0, len(numbered), ROWS_AT_ONCE):
            written |= self._write(numbered[start : start + ROWS_AT_ONCE])
        return [written[number] for number, _ in numbered]

    def _write(self, drafts: Sequence[Numbered]) -> dict[int, Enqueued]:
        """Insert what is new, find what waits, until each draft is the one or the other."""
        # MariaDB takes all rows of a statement or none, and locks the row that was in the way.
        written = self._found(drafts) if self._kind == MARIADB else {}
        for _ in range(_TRIES):
            written |= self._inserted(_left(drafts, written))
            if len(written) == len(drafts):
                return written
            written |= self._found(_left(drafts, written))
        if len(written) == len(drafts):
            return written
        raise Collision("messages with the same dedupe keys come and go too fast")

    def _inserted(self, drafts: Sequence[Numbered]) -> dict[int, Enqueued]:
        firsts = _first_of_each_key(drafts)
        if not firsts:
            return {}
        rows = [_row(place, self._now) for place in range(len(firsts))]
        values = {
            f"{name}_{place}": value
            for place, (_, draft) in enumerate(firsts)
            for name, value in _values(draft).items()
        }
        back = self._writer.insert_rows("queue", _COLUMNS, rows, values, "id, queue, dedupe_key")
        return _new_ones(firsts, sorted(back, key=lambda row: int(row["id"])))

    def _found(self, drafts: Sequence[Numbered]) -> dict[int, Enqueued]:
        """Find the messages whose dedupe keys wait already."""
        by_key = {_key(draft): 0 for _, draft in drafts if draft.dedupe_key is not None}
        if not by_key:
            return {}
        places = range(len(by_key))
        pairs = " OR ".join(f"(queue = :queue_{n} AND active_key = :key_{n})" for n in places)
        values = {
            f"{name}_{place}": part
            for place, key in enumerate(by_key)
            for name, part in zip(("queue", "key"), key, strict=True)
        }
        found = self._writer.execute(
            f"SELECT id, queue, dedupe_key FROM queue WHERE {pairs}",  # noqa: S608 - its own words
            values,
        ).fetchall()
        ids = {(row["queue"], row["dedupe_key"]): int(row["id"]) for row in found}
        return {
            number: Enqueued(message_id=ids[_key(draft)], is_new=False)
            for number, draft in drafts
            if _key(draft) in ids
        }


def _new_ones(drafts: Sequence[Numbered], rows: Sequence[Row]) -> dict[int, Enqueued]:
    """Tell which draft became which row: ids were given in the drafts' order."""
    left: Iterator[Row] = iter(rows)
    row = next(left, None)
    new = {}
    for number, draft in drafts:
        if row is not None and (row["queue"], row["dedupe_key"]) == _key(draft):
            new[number] = Enqueued(message_id=int(row["id"]), is_new=True)
            row = next(left, None)
    return new


def _left(drafts: Sequence[Numbered], written: Mapping[int, Enqueued]) -> list[Numbered]:
    return [one for one in drafts if one[0] not in written]


def _first_of_each_key(drafts: Sequence[Numbered]) -> list[Numbered]:
    taken: set[tuple[str, str | None]] = set()
    firsts = []
    for one in drafts:
        key = _key(one[1])
        if key[1] is None or key not in taken:
            firsts.append(one)
            taken.add(key)
    return firsts


def _key(draft: Draft) -> tuple[str, str | None]:
    return draft.queue, draft.dedupe_key


def _row(place: int, now: str) -> str:
    given = ", ".join(f":{name}_{place}" for name in _GIVEN)
    return f"({given}, {now}, {now}, {now} + :wait_{place})"


def _values(draft: Draft) -> dict[str, Any]:
    return {
        "queue": draft.queue,
        "type": draft.type,
        "payload": json.dumps(draft.payload, ensure_ascii=False, allow_nan=False),
        "direction": (draft.direction or Direction.INCOMING).value,
        "priority": draft.priority,
        "entity_key": draft.entity_key,
        "dedupe_key": draft.dedupe_key,
        "max_attempts": draft.max_attempts or USUAL_ATTEMPTS,
        "wait": draft.wait // MICROSECOND,
        **{name: getattr(draft, name)[:length] for name, length in _CUT.items()},
    }


def _check(draft: Draft) -> None:
    """Raise Refused for what no row can hold; a key cut short would be another key."""
    for name, most in _LENGTHS.items():
        if len(getattr(draft, name) or "") > most:
            raise Refused(f"message {draft.type[:40]}: {name} has more than {most} characters")
    if not FIRST <= draft.priority <= LAST:
        raise Refused(f"message {draft.type}: priority {draft.priority} is not {FIRST} to {LAST}")
