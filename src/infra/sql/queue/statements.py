"""The transition table as SQL: each move one UPDATE whose WHERE says source and guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache

from domain.queue.guards import Guard
from domain.queue.job import CrashReason, Status
from domain.queue.stale import Limits
from domain.queue.transitions import BY_MOVE, Move, To, Transition, Value

MICROSECOND = timedelta(microseconds=1)

_WINDOW_IS_OPEN = "first_rescue_at IS NOT NULL AND {now} - first_rescue_at < :rescue_window"
_RESCUES = f"CASE WHEN {_WINDOW_IS_OPEN} THEN rescues + 1 ELSE 1 END"

CONDITIONS: Mapping[str, str] = {
    "as_seen": "status = :seen_status AND claim_no = :seen_claim_no",
    "stale": "(lease_until <= {now}"
    " OR (lease_until IS NULL AND status_since <= {now} - :legacy_age))",
    "due": "available_at <= {now}",
    "not_paused": "NOT EXISTS (SELECT 1 FROM queue_pause AS pause"
    " WHERE pause.queue = queue.queue AND pause.type IN ('', queue.type)"
    " AND (pause.until IS NULL OR pause.until > {now}))",
    "entity_free": "(entity_key IS NULL OR NOT EXISTS (SELECT 1 FROM queue AS held"
    " WHERE held.queue = queue.queue AND held.busy_key = queue.entity_key))",
    "key_free": "(dedupe_key IS NULL OR NOT EXISTS (SELECT 1 FROM queue AS active"
    " WHERE active.queue = queue.queue AND active.active_key = queue.dedupe_key))",
    "unreadable": ":readable = 0",
    "attempts_left": "attempts < max_attempts",
    "no_attempts_left": "attempts >= max_attempts",
    "rescues_left": f"{_RESCUES} < :most_rescues",
    "no_rescues_left": f"{_RESCUES} >= :most_rescues",
    "give_backs_left": "give_backs < :most_give_backs",
    "accounted": ":accounted = 1",
    "holder_silent": "(:including_live = 1 OR lease_until IS NULL OR lease_until <= {now})",
    "finished_before": "COALESCE(finished_at, created_at) < :cutoff",
}
"""The guards by their names; the holder's own claim is said for each row."""

_VALUES: Mapping[Value, str] = {
    Value.PLUS_ONE: "{column} + 1",
    Value.MINUS_ONE: "{column} - 1",
    Value.ZERO: "0",
    Value.EMPTY: "NULL",
    Value.NOW: "{now}",
    Value.LEASE_END: "{now} + :lease",
    Value.GIVEN: ":{column}",
    Value.RESCUES: _RESCUES,
    Value.WINDOW_START: f"CASE WHEN {_WINDOW_IS_OPEN} THEN first_rescue_at ELSE {{now}} END",
}

WAITED = "{now} + :wait"
"""What ``available_at`` is given as: by the database's clock, not by the caller's."""


class Statements:
    """The moves on one database; ``now`` is its clock as SQL."""

    def __init__(self, now: str, *, available_at: str = WAITED) -> None:
        self.now = now
        self._available_at = available_at.format(now=now)
        self.move = cache(self._move)
        self.finish_and_start = self._finish_and_start()

    def _move(self, move: Move, rows: int = 1, which: str = "") -> str:
        """Write the statement for the rows ``:id_0``, ``:id_1``, each with its ``:claim_no_0``.

        Or for those that ``which`` says in SQL.
        """
        transition = BY_MOVE[move]
        conditions = [
            which or rows_are(rows),
            _among("status", transition.sources),
            *(self._condition(guard, rows) for guard in transition.guards),
        ]
        where = " AND ".join(conditions)
        if transition.target is To.DELETED:
            return f"DELETE FROM queue WHERE {where}"  # noqa: S608 - the table's own words
        return f"UPDATE queue SET {self._assignments(transition)} WHERE {where}"  # noqa: S608

    def _finish_and_start(self) -> str:
        """Finish ``:id_0`` and start ``:id_1``, each if its claim stands.

        One statement, for a worker does little else: with two the way to the server is what costs.
        """
        finish, start = BY_MOVE[Move.FINISH], BY_MOVE[Move.START]
        done, begun = self._sets(finish), self._sets(start)
        sets = ", ".join(
            f"{column} = CASE WHEN id = :id_0 THEN {done.get(column, column)}"
            f" ELSE {begun.get(column, column)} END"
            for column in {**done, **begun}
        )
        held = f"id = :id_0 AND claim_no = :claim_no_0 AND {_among('status', finish.sources)}"
        following = f"id = :id_1 AND claim_no = :claim_no_1 AND {_among('status', start.sources)}"
        return (
            f"UPDATE queue SET {sets} WHERE id IN (:id_0, :id_1)"  # noqa: S608 - the table's words
            f" AND (({held}) OR ({following}))"
        )

    def _condition(self, guard: Guard, rows: int) -> str:
        if guard.name == "own_claim":
            return own_claims(rows)
        return CONDITIONS[guard.name].format(now=self.now)

    def _assignments(self, transition: Transition) -> str:
        return ", ".join(f"{column} = {value}" for column, value in self._sets(transition).items())

    def _sets(self, transition: Transition) -> dict[str, str]:
        """Set the status, what the table says, and an error's fingerprint with the error.

        MariaDB assigns from left to right and reads what it has assigned: ``rescues`` comes
        before ``first_rescue_at`` in the table for it.
        """
        sets = {column: self._value(column, how) for column, how in transition.sets.items()}
        if "error" in sets:
            is_given = transition.sets["error"] is Value.GIVEN
            sets["fingerprint"] = ":fingerprint" if is_given else "NULL"
        if isinstance(transition.target, Status):
            sets |= {"status": f"'{transition.target}'", "status_since": self.now}
        return sets

    def _value(self, column: str, how: Value | CrashReason) -> str:
        if isinstance(how, CrashReason):
            return f"'{how}'"
        if how is Value.GIVEN and column == "available_at":
            return self._available_at
        return _VALUES[how].format(column=column, now=self.now)


def limit_values(limits: Limits) -> dict[str, int]:
    """Give the parameters that moves take from the limits."""
    return {
        "lease": limits.lease // MICROSECOND,
        "legacy_age": limits.legacy_age // MICROSECOND,
        "rescue_window": limits.rescue_window // MICROSECOND,
        "most_rescues": limits.rescues,
        "most_give_backs": limits.give_backs,
    }


def row_ids(ids: Sequence[int]) -> dict[str, int]:
    """Give the parameters of so many rows where no claim is shown."""
    return {f"id_{place}": message_id for place, message_id in enumerate(ids)}


def row_values(rows: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Give the parameters of so many rows: their ids and claim numbers."""
    return {
        f"{name}_{place}": value
        for place, row in enumerate(rows)
        for name, value in zip(("id", "claim_no"), row, strict=True)
    }


def rows_are(rows: int) -> str:
    """Write which rows are meant, by ``:id_0``, ``:id_1`` and so on."""
    names = [f":id_{place}" for place in range(rows)]
    return f"id = {names[0]}" if rows == 1 else f"id IN ({', '.join(names)})"


def own_claims(rows: int) -> str:
    """Write that each of the rows has the claim number of its holder."""
    if rows == 1:
        return "claim_no = :claim_no_0"
    # No OR, for which SQLite looks up each row by itself. The sum tells PostgreSQL a number.
    pairs = (f"WHEN :id_{place} THEN 0 + :claim_no_{place}" for place in range(rows))
    return f"claim_no = CASE id {' '.join(pairs)} END"


def _among(column: str, words: Sequence[str]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{column} = {quoted}" if len(words) == 1 else f"{column} IN ({quoted})"
