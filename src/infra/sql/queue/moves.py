"""Moves of messages within a transaction, with their history where they are no happy path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.queue.dao import Claim, Settlement
from domain.queue.job import Message
from domain.queue.stale import LIMITS, Limits
from domain.queue.transitions import BY_MOVE, Move
from infra.sql.connection import Transaction
from infra.sql.database_clock import STATEMENT_NOW
from infra.sql.queue.messages import COLUMNS, error_values, message_of, shortened
from infra.sql.queue.statements import MICROSECOND, Statements, limit_values, row_values

ACTOR_LENGTH = 80

_NOTE = """
    INSERT INTO queue_history (message_id, at, move, actor, run_id, detail)
    VALUES (:message_id, {now}, :move, :actor, :run_id, :detail)
"""

_ADD = "UPDATE queue_counter SET value = value + :value WHERE queue = :queue AND name = :name"


def claim_values(claims: Sequence[Claim]) -> dict[str, int]:
    return row_values([(claim.message_id, claim.claim_no) for claim in claims])


class Moves:
    """The table's moves on one kind of database, under the limits of this installation."""

    def __init__(self, kind: str, limits: Limits = LIMITS) -> None:
        self.now = STATEMENT_NOW[kind]
        self.limits = limits
        self.statements = Statements(self.now)
        self._limits = limit_values(limits)

    def statement(self, move: Move, claims: Sequence[Claim]) -> tuple[str, dict[str, Any]]:
        """Give the statement of a holder's move and its parameters."""
        return self.statements.move(move, len(claims)), {**self._limits, **claim_values(claims)}

    def held(self, transaction: Transaction, move: Move, claims: Sequence[Claim]) -> int:
        """Do a holder's move; gives how many rows matched."""
        statement, values = self.statement(move, claims)
        return int(transaction.execute(statement, values).rowcount)

    def one(self, transaction: Transaction, move: Move, message_id: int, **given: Any) -> bool:
        """Do a move of one message with whatever its guards and columns are given."""
        values = {**self._limits, **given, **row_values([(message_id, given.get("claim_no", 0))])}
        return bool(transaction.execute(self.statements.move(move), values).rowcount == 1)

    def settle(self, transaction: Transaction, claim: Claim, settlement: Settlement) -> bool:
        """Q6, Q7 and refusals: do the move and note it."""
        message_id, error = claim.message_id, error_values(settlement.error)
        run_id = self._run_of(transaction, message_id)
        wait = settlement.wait // MICROSECOND
        given = {"claim_no": claim.claim_no, "wait": wait, "readable": 0, **error}
        if not self.one(transaction, settlement.move, message_id, **given):
            return False
        self.note(transaction, settlement.move, message_id, run_id=run_id, detail=error["error"])
        return True

    def give_back(self, transaction: Transaction, claim: Claim) -> bool:
        """Q9. What was never begun is released without a trace; what was, is noted."""
        message_id, claim_no = claim.message_id, claim.claim_no
        if self.one(transaction, Move.RELEASE, message_id, claim_no=claim_no):
            return True
        run_id = self._run_of(transaction, message_id)
        if not self.one(transaction, Move.GIVE_BACK, message_id, claim_no=claim_no):
            return False
        self.note(transaction, Move.GIVE_BACK, message_id, run_id=run_id)
        return True

    def note(
        self,
        transaction: Transaction,
        move: str,
        message_id: int,
        *,
        run_id: str | None = None,
        actor: str = "",
        detail: str = "",
    ) -> None:
        """Write what befell a message; by default in the name of the move's own actor."""
        by = actor or (BY_MOVE[Move(move)].who.value if move in list(Move) else "")
        transaction.execute(
            _NOTE.format(now=self.now),
            {
                "message_id": message_id,
                "move": move,
                "actor": by[:ACTOR_LENGTH],
                "run_id": run_id,
                "detail": shortened(detail),
            },
        )

    def count(self, transaction: Transaction, queue: str, name: str, value: int) -> None:
        """Add to a counter, which begins at zero."""
        values = {"queue": queue, "name": name, "value": value}
        if not transaction.execute(_ADD, values).rowcount and not transaction.insert_new(
            "queue_counter", values
        ):
            transaction.execute(_ADD, values)

    def message(self, transaction: Transaction, message_id: int) -> Message | None:
        """Read a message as the transaction sees it."""
        row = transaction.row(
            f"SELECT {COLUMNS} FROM queue WHERE id = :id",  # noqa: S608 - the table's own words
            id=message_id,
        )
        return message_of(row) if row else None

    def _run_of(self, transaction: Transaction, message_id: int) -> str | None:
        row = transaction.row("SELECT run_id FROM queue WHERE id = :id", id=message_id)
        return row["run_id"] if row else None
