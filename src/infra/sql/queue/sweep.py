"""Q8: messages whose holders nobody hears of any more, and those that a foreign hand moved."""

from __future__ import annotations

from collections.abc import Sequence

from domain.queue.dao import Swept
from domain.queue.execution import matches
from domain.queue.guards import Given
from domain.queue.job import Message
from domain.queue.stale import rescues_with, window_start
from domain.queue.transitions import BY_MOVE, Move
from infra.sql.connection import Database, Transaction
from infra.sql.queue.messages import (
    COLUMNS,
    error_values,
    ids_of,
    instant_of,
    message_of,
    microseconds_of,
)
from infra.sql.queue.moves import Moves
from infra.sql.queue.statements import CONDITIONS, limit_values

VERDICTS = (Move.PUT_BACK, Move.RESTART, Move.POISON, Move.EXHAUST)

FOREIGN = "foreign move"
"""What the history calls a status that somebody changed who knows of no claims."""

FOREIGN_MOVES = "foreign_moves"

# A sum has no index: for the first few by their ids a planner would walk the whole table.
_STALE = f"""
    SELECT {COLUMNS}, {{now}} AS clock FROM queue WHERE queue = :queue AND phase = 2
        AND {CONDITIONS["stale"]}
        AND NOT EXISTS (SELECT 1 FROM queue_owner WHERE queue = :queue AND owner = 'legacy')
    ORDER BY id + 0 LIMIT :most
"""  # noqa: S608 - the table's own words

_MOVED = "SELECT id FROM queue WHERE queue = :queue AND phase = 8 ORDER BY id + 0 LIMIT :most"

_HEAL = "UPDATE queue SET lease_until = NULL WHERE id = :id AND phase = 8"

_HOLDERS = """
    SELECT run_id FROM queue_history WHERE message_id = :id AND move = :move AND at >= :since
    ORDER BY id
"""


class Sweep:
    """Looks first and acts later: each move says again what was seen."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database, self._moves = database, moves

    def restart_stale(self, queue: str, most: int) -> Sequence[Swept]:
        self._heal(queue, most)
        rows = self._database.rows(
            _STALE.format(now=self._moves.now),
            queue=queue,
            most=most,
            **limit_values(self._moves.limits),
        )
        swept = (self._judge(message_of(row), int(row["clock"])) for row in rows)
        return [one for one in swept if one]

    def _judge(self, seen: Message, clock: int) -> Swept | None:
        """Move one message by the verdict over it; None where its holder came back meanwhile.

        Each in a transaction of its own: a worker that settles one message and begins another
        must not wait for us while we wait for it.
        """
        given = Given(now=instant_of(clock), limits=self._moves.limits, seen=seen)
        move = next((one for one in VERDICTS if matches(BY_MOVE[one], seen, given)), None)
        if move is None:
            return None
        return self._database.atomically(
            lambda transaction: self._moved(transaction, seen, move, given)
        )

    def _moved(
        self, transaction: Transaction, seen: Message, move: Move, given: Given
    ) -> Swept | None:
        detail = self._evidence(transaction, seen, move, given)
        values = {"seen_status": seen.status.value, "seen_claim_no": seen.claim_no}
        if not self._moves.one(transaction, move, seen.id, **values, **error_values(detail)):
            return None
        self._moves.note(transaction, move, seen.id, run_id=seen.run_id, detail=detail)
        moved = self._moves.message(transaction, seen.id)
        return Swept(message=moved, move=move) if moved else None

    def _evidence(self, transaction: Transaction, seen: Message, move: Move, given: Given) -> str:
        """Say what is known of the holders that died; a restart keeps the last error as it is."""
        last = f"last known error: {seen.error}" if seen.error else "no error is known"
        holder = f"{seen.run_id or 'a holder without a run'} was not heard of any more"
        if move not in (Move.POISON, Move.EXHAUST):
            return f"{holder}; {last}"
        holders = ", ".join([*self._holders(transaction, seen, given), seen.run_id or "unknown"])
        count = rescues_with(seen, given.now, given.limits)
        words = (
            f"rescue {count} within {given.limits.said('{rescue_window}')}"
            if move is Move.POISON
            else f"attempt {seen.attempts} of {seen.max_attempts} lost its holder"
        )
        return f"{move.value}: {words}; held by {holders}; {last}"

    def _holders(self, transaction: Transaction, seen: Message, given: Given) -> list[str]:
        since = window_start(seen, given.now, given.limits)
        values = {"id": seen.id, "move": Move.RESTART.value}
        rows = transaction.execute(_HOLDERS, {**values, "since": microseconds_of(since)}).fetchall()
        return [row["run_id"] or "unknown" for row in rows]

    def _heal(self, queue: str, most: int) -> None:
        """Count rows that left flight under a lease that still stood, each once."""
        rows = self._database.rows(_MOVED, queue=queue, most=most)
        if rows:
            self._database.atomically(
                lambda transaction: self._healed(transaction, queue, ids_of(rows))
            )

    def _healed(self, transaction: Transaction, queue: str, ids: Sequence[int]) -> None:
        healed = [
            message_id
            for message_id in ids
            if transaction.execute(_HEAL, {"id": message_id}).rowcount
        ]
        for message_id in healed:
            self._moves.note(transaction, FOREIGN, message_id)
        if healed:
            self._moves.count(transaction, queue, FOREIGN_MOVES, len(healed))
