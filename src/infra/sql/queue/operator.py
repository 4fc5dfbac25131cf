"""Q10 to Q12 and what else people do by hand: each change with its history and an audit row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from domain.errors import Refused
from domain.queue.dao import Reason, Swept
from domain.queue.job import FIRST, LAST
from domain.queue.transitions import Move
from infra.sql.connection import Database, Transaction
from infra.sql.drivers.faults import Taken
from infra.sql.pauses import note as audit
from infra.sql.queue.messages import COLUMNS, error_values
from infra.sql.queue.moves import ACTOR_LENGTH, Moves

OBJECT_LENGTH = 200

_TRIES = 5

_IN_FLIGHT = f"""
    SELECT {COLUMNS} FROM queue WHERE queue = :queue AND phase = 2 ORDER BY id
"""  # noqa: S608 - the table's own words

_PRIORITIZE = "UPDATE queue SET priority = :priority WHERE id = :id AND status = 'NEW'"

_FORCED = (Move.FORCE_RESTART, Move.FORCE_CRASH)

Step = Callable[[Transaction, int], bool]


class Operator:
    """Changes by hand; all of one call in one transaction, with one audit row."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database, self._moves = database, moves

    def reset(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        return self._each(Move.RESET, message_ids, why, self._by_hand(Move.RESET, why))

    def cancel(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        return self._each(Move.CANCEL, message_ids, why, self._by_hand(Move.CANCEL, why))

    def prioritize(self, message_ids: Sequence[int], priority: int, why: Reason) -> Sequence[int]:
        if not FIRST <= priority <= LAST:
            raise Refused(f"priority {priority}: give {FIRST} (first) to {LAST}")

        def move(transaction: Transaction, message_id: int) -> bool:
            values = {"id": message_id, "priority": priority}
            return bool(transaction.execute(_PRIORITIZE, values).rowcount)

        return self._each("prioritize", message_ids, why, move, f"priority {priority}: ")

    def force_restart(
        self, queue: str, why: Reason, *, including_live: bool = False
    ) -> Sequence[Swept]:
        """See the port."""
        return self._database.atomically(
            lambda transaction: self._forced(transaction, queue, why, int(including_live))
        )

    def _forced(
        self, transaction: Transaction, queue: str, why: Reason, including_live: int
    ) -> Sequence[Swept]:
        rows = transaction.execute(_IN_FLIGHT, {"queue": queue}).fetchall()
        swept = [
            one
            for row in rows
            if (one := self._force(transaction, int(row["id"]), row["run_id"], why, including_live))
        ]
        if swept:
            ids = [one.message.id for one in swept]
            self._audit(
                transaction, "queue:process --force-restart", f"{queue}: {_named(ids)}", why
            )
        return swept

    def _force(
        self,
        transaction: Transaction,
        message_id: int,
        run_id: str | None,
        why: Reason,
        including_live: int,
    ) -> Swept | None:
        given = {
            "accounted": _accounted(why),
            "including_live": including_live,
            **error_values(f"restarted by {why.actor}: {why.reason}"),
        }
        for move in _FORCED:
            if self._moves.one(transaction, move, message_id, **given):
                self._note(transaction, move, message_id, why, run_id=run_id)
                message = self._moves.message(transaction, message_id)
                return Swept(message=message, move=move) if message else None
        return None

    def _by_hand(self, move: Move, why: Reason) -> Step:
        given = {
            "accounted": _accounted(why),
            "wait": 0,
            **error_values(f"{move.value} by {why.actor}: {why.reason}"),
        }
        return lambda transaction, message_id: self._moves.one(
            transaction, move, message_id, **given
        )

    def _each(
        self, move: str, message_ids: Sequence[int], why: Reason, step: Step, said: str = ""
    ) -> Sequence[int]:
        def write(transaction: Transaction) -> Sequence[int]:
            moved = [one for one in sorted(set(message_ids)) if step(transaction, one)]
            for message_id in moved:
                self._note(transaction, move, message_id, why, said=said)
            if moved:
                self._audit(transaction, f"queue:{move}", _named(moved), why)
            return moved

        return self._past_producers(write)

    def _past_producers(self, write: Callable[[Transaction], Sequence[int]]) -> Sequence[int]:
        """Do it anew where a dedupe key was taken in the middle of it: then the guard sees it."""
        for _ in range(_TRIES - 1):
            with suppress(Taken):
                return self._database.atomically(write)
        return self._database.atomically(write)

    def _note(
        self,
        transaction: Transaction,
        move: str,
        message_id: int,
        why: Reason,
        *,
        said: str = "",
        run_id: str | None = None,
    ) -> None:
        detail = f"{said}{why.reason}"
        self._moves.note(
            transaction, move, message_id, run_id=run_id, actor=why.actor, detail=detail
        )

    @staticmethod
    def _audit(transaction: Transaction, verb: str, target: str, why: Reason) -> None:
        actor = why.actor[:ACTOR_LENGTH]
        audit(transaction, actor, verb, target[:OBJECT_LENGTH], why.reason, datetime.now(UTC))


def _accounted(why: Reason) -> int:
    return int(bool(why.actor.strip() and why.reason.strip()))


def _named(ids: Sequence[int]) -> str:
    return (
        f"{len(ids)} messages: {', '.join(map(str, ids))}" if len(ids) > 1 else f"message {ids[0]}"
    )
