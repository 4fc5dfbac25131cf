"""Q1: messages are written in the transaction of whoever has something to say."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Protocol

from domain.errors import Refused
from domain.queue.job import FIRST, LAST, Direction
from domain.queue.work import Draft, Enqueued
from infra.sql.address import MARIADB, POSTGRESQL, SQLITE
from infra.sql.connection import Row
from infra.sql.database_clock import STATEMENT_NOW
from infra.sql.drivers.faults import Collision
from infra.sql.drivers.named import clean
from infra.sql.queue.statements import MICROSECOND

ROWS_AT_ONCE = 1_000
BYTES_AT_ONCE = 1_000_000
"""A statement stays well below what the servers take at once."""

USUAL_ATTEMPTS = 3

_LENGTHS = {"queue": 40, "type": 120, "entity_key": 200, "dedupe_key": 200}
_CUT = {"correlation_id": 200, "created_by": 80}

_TEXTS = (
    *("queue", "type", "payload", "direction", "entity_key", "dedupe_key"),
    *("correlation_id", "created_by"),
)
_NUMBERS = ("priority", "max_attempts", "wait", "place")
_GIVEN = (*_TEXTS, *_NUMBERS[:2])

# All rows are one parameter: to mark and quote each value takes longer than to insert it.
_ROWS = {
    SQLITE: "SELECT {read} FROM json_each(:rows)",
    POSTGRESQL: "SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS given ({read})",
    MARIADB: "SELECT * FROM JSON_TABLE(:rows, '$[*]' COLUMNS ({read})) AS given",
}
_READ = {
    SQLITE: "value ->> '$.{name}' AS {name}",
    MARIADB: "{name} {type} PATH '$.{name}'",
}
_TYPES = {
    POSTGRESQL: {"text": "TEXT", "number": "BIGINT"},
    MARIADB: {"text": "LONGTEXT", "number": "BIGINT"},
    SQLITE: {"text": "", "number": ""},
}

_TRIES = 5

Numbered = tuple[int, Draft]
Key = tuple[str, str | None]


class Writer(Protocol):
    """What messages are written with: an open transaction, or one that this opens."""

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> Any: ...
    def insert_rows(
        self, statement: str, values: Mapping[str, Any], back: str
    ) -> Sequence[Row]: ...


class SqlProducer:
    """The Producer port. Source: the legacy side's bare INSERT INTO queue."""

    def __init__(self, writer: Writer, kind: str) -> None:
        self._writer, self._kind = writer, kind
        self._insert = _insert(kind)

    def enqueue(self, draft: Draft) -> Enqueued:
        return self.enqueue_all([draft])[0]

    def enqueue_all(self, drafts: Sequence[Draft]) -> Sequence[Enqueued]:
        sound = [_sound(draft) for draft in drafts]
        written: dict[int, Enqueued] = {}
        for portion in _portions(sound):
            written |= self._write(portion)
        return [written[number] for number in range(len(drafts))]

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
        rows = [
            {**clean(_values(draft)), "place": place} for place, (_, draft) in enumerate(firsts)
        ]
        values = {"rows": json.dumps(rows, ensure_ascii=False)}
        back = self._writer.insert_rows(self._insert, values, "id, queue, dedupe_key")
        return _new_ones(firsts, sorted(back, key=lambda row: int(row["id"])))

    def _found(self, drafts: Sequence[Numbered]) -> dict[int, Enqueued]:
        """Find the messages whose dedupe keys wait already."""
        keys: dict[str, set[str]] = {}
        for _, draft in drafts:
            if draft.dedupe_key is not None:
                keys.setdefault(draft.queue, set()).add(draft.dedupe_key)
        ids = {key: one for queue, asked in keys.items() for key, one in self._ids(queue, asked)}
        return {
            number: Enqueued(message_id=ids[_key(draft)], is_new=False)
            for number, draft in drafts
            if _key(draft) in ids
        }

    def _ids(self, queue: str, keys: Collection[str]) -> Iterator[tuple[Key, int]]:
        values = {f"key_{place}": key for place, key in enumerate(sorted(keys))}
        marks = ", ".join(f":{name}" for name in values)
        found = self._writer.execute(
            "SELECT id, active_key FROM queue"  # noqa: S608 - its own words
            f" WHERE queue = :queue AND active_key IN ({marks})",
            {"queue": queue, **values},
        )
        for row in found.fetchall():
            yield (queue, row["active_key"]), int(row["id"])


def _portions(drafts: Sequence[Draft]) -> Iterator[list[Numbered]]:
    """Give the drafts in portions that one statement can carry; only a huge one goes alone."""
    portion: list[Numbered] = []
    size = 0
    for numbered in enumerate(drafts):
        length = len(json.dumps(numbered[1].payload))
        if portion and (len(portion) == ROWS_AT_ONCE or size + length > BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(numbered)
        size += length
    if portion:
        yield portion


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
    taken: set[Key] = set()
    firsts = []
    for one in drafts:
        key = _key(one[1])
        if key[1] is None or key not in taken:
            firsts.append(one)
            taken.add(key)
    return firsts


def _key(draft: Draft) -> Key:
    return draft.queue, draft.dedupe_key


@cache
def _insert(kind: str) -> str:
    """Write the statement that inserts ``:rows``, in their order."""
    now, types = STATEMENT_NOW[kind], _TYPES[kind]
    typed = dict.fromkeys(_TEXTS, types["text"]) | dict.fromkeys(_NUMBERS, types["number"])
    form = _READ.get(kind, "{name} {type}")
    read = ", ".join(form.format(name=name, type=type_) for name, type_ in typed.items())
    given = ", ".join(_GIVEN)
    return (
        f"INSERT INTO queue ({given}, status_since, created_at, available_at)"  # noqa: S608 - its own words
        f" SELECT {given}, {now}, {now}, {now} + wait"
        f" FROM ({_ROWS[kind].format(read=read)}) AS written WHERE place >= 0 ORDER BY place"
    )


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


def _sound(draft: Draft) -> Draft:
    """Give the draft as its row will have it, so that it is known again by its keys.

    Raises Refused for what no row can hold; a key cut short would be another key.
    """
    for name, most in _LENGTHS.items():
        if len(getattr(draft, name) or "") > most:
            raise Refused(f"message {draft.type[:40]}: {name} has more than {most} characters")
    if not FIRST <= draft.priority <= LAST:
        raise Refused(f"message {draft.type}: priority {draft.priority} is not {FIRST} to {LAST}")
    texts = {name: getattr(draft, name) for name in _LENGTHS}
    kept = clean(texts)
    return draft if kept == texts else replace(draft, **kept)
