"""The queue's status machine in SQL: each move of the table one guarded statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from domain.queue.dao import Claim, Reason, Settlement, Swept, Wanted
from domain.queue.job import Message
from domain.queue.stale import LIMITS, Limits
from domain.queue.transitions import Move
from infra.sql.connection import Database, Transaction
from infra.sql.queue.claims import Claims
from infra.sql.queue.messages import error_values
from infra.sql.queue.moves import Moves
from infra.sql.queue.operator import Operator
from infra.sql.queue.pauses import QueuePauses
from infra.sql.queue.sweep import Sweep

_STRANGE = """
    SELECT status, COUNT(*) AS found FROM queue WHERE queue = :queue AND phase = 9 GROUP BY status
"""


Step = Callable[[Transaction, Claim], bool]


class SqlQueueDAO:
    """The QueueDAO port on one connection. Source: QueueDAO of the legacy shop."""

    def __init__(self, database: Database, limits: Limits = LIMITS) -> None:
        self._database = database
        self._moves = Moves(database.kind, limits)
        self._claims = Claims(database, self._moves)
        self._sweep = Sweep(database, self._moves)
        self._operator = Operator(database, self._moves)
        self._pauses = QueuePauses(database, self._moves)

    # --- the worker's parent ----------------------------------------------------------------------

    def claim(self, wanted: Wanted, run_id: str, most: int) -> Sequence[Message]:
        return self._claims.take(wanted, run_id, most)

    def refuse(self, claims: Sequence[Claim], error: str) -> Sequence[Claim]:
        settlement = Settlement(move=Move.REFUSE, error=error)
        return self._each(claims, self._settling(settlement))

    def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return self._held(Move.HEARTBEAT, claims)

    def abandon(self, claims: Sequence[Claim], error: str) -> Sequence[Claim]:
        return self._held(Move.ABANDON, claims, **error_values(error))

    def settle(self, claim: Claim, settlement: Settlement) -> bool:
        return bool(self._each([claim], self._settling(settlement)))

    def give_back(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return self._each(claims, self._moves.give_back)

    def restart_stale(self, queue: str, most: int) -> Sequence[Swept]:
        return self._sweep.restart_stale(queue, most)

    def count(self, queue: str, counts: Mapping[str, int]) -> None:
        """Add to the queue's counters."""

        def write(transaction: Transaction) -> None:
            for name, value in sorted(counts.items()):  # two that count do not deadlock
                self._moves.count(transaction, queue, name, value)

        if counts:
            self._database.atomically(write)

    # --- operators --------------------------------------------------------------------------------

    def reset(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        return self._operator.reset(message_ids, why)

    def cancel(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        return self._operator.cancel(message_ids, why)

    def prioritize(self, message_ids: Sequence[int], priority: int, why: Reason) -> Sequence[int]:
        return self._operator.prioritize(message_ids, priority, why)

    def force_restart(
        self, queue: str, why: Reason, *, including_live: bool = False
    ) -> Sequence[Swept]:
        return self._operator.force_restart(queue, why, including_live=including_live)

    def pause(self, queue: str, type_: str | None, why: Reason, until: datetime | None) -> None:
        self._pauses.pause(queue, type_, why, until)

    def resume(self, queue: str, type_: str | None, why: Reason) -> bool:
        return self._pauses.resume(queue, type_, why)

    def own(self, queue: str, owner: str, why: Reason) -> None:
        self._pauses.own(queue, owner, why)

    def strange(self, queue: str) -> Mapping[str, int]:
        """Give the status words that nobody knows, and how many rows have them."""
        rows = self._database.rows(_STRANGE, queue=queue)
        return {row["status"]: int(row["found"]) for row in rows}

    def _held(self, move: Move, claims: Sequence[Claim], **given: object) -> Sequence[Claim]:
        """Do a move of leases for all claims at once, and one by one where some are lost.

        Whatever it does twice does no harm: a lease is set to the same.
        """
        if not claims:
            return []
        statement, values = self._moves.statement(move, claims)
        if self._again(statement, {**values, **given}) == len(claims):
            return list(claims)
        return self._each(
            claims,
            lambda transaction, claim: self._moves.one(
                transaction, move, claim.message_id, claim_no=claim.claim_no, **given
            ),
        )

    def _settling(self, settlement: Settlement) -> Step:
        return lambda transaction, claim: self._moves.settle(transaction, claim, settlement)

    def _again(self, statement: str, values: Mapping[str, object]) -> int:
        return self._database.atomically(
            lambda transaction: int(transaction.execute(statement, values).rowcount)
        )

    def _each(self, claims: Sequence[Claim], step: Step) -> Sequence[Claim]:
        """Do a move claim by claim in one transaction; in one order, lest two deadlock."""
        ordered = sorted(claims, key=lambda claim: claim.message_id)
        return self._database.atomically(
            lambda transaction: [claim for claim in ordered if step(transaction, claim)]
        )
