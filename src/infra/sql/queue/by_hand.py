"""A message written by hand: with its history and the audit, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.queue.dao import Reason
from domain.queue.transitions import Move
from domain.queue.work import Draft, Enqueued
from infra.sql.connection import Database, Transaction
from infra.sql.pauses import note as audit
from infra.sql.queue.moves import ACTOR_LENGTH, Moves
from infra.sql.queue.producer import SqlProducer


class SqlEnqueueByHand:
    """A producer for people."""

    def __init__(self, database: Database) -> None:
        self._database, self._moves = database, Moves(database.kind)

    def enqueue(self, draft: Draft, why: Reason) -> Enqueued:
        """Write it; one whose dedupe key waits already is told, and leaves no trace."""

        def write(transaction: Transaction) -> Enqueued:
            enqueued = SqlProducer(transaction, self._database.kind).enqueue(draft)
            if enqueued.is_new:
                self._note(transaction, enqueued.message_id, draft, why)
            return enqueued

        return self._database.atomically(write)

    def _note(self, transaction: Transaction, message_id: int, draft: Draft, why: Reason) -> None:
        self._moves.note(transaction, Move.ENQUEUE, message_id, actor=why.actor, detail=why.reason)
        target, actor = f"message {message_id}: {draft.type}", why.actor[:ACTOR_LENGTH]
        audit(transaction, actor, "queue:enqueue", target, why.reason, datetime.now(UTC))
