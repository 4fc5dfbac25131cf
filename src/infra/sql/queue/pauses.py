"""Pauses of queues and of message types in them, and whose a queue is."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.queue.dao import Reason
from infra.sql.connection import Database, Transaction
from infra.sql.pauses import note as audit
from infra.sql.queue.messages import microseconds_of
from infra.sql.queue.moves import ACTOR_LENGTH, Moves

_UNPAUSE = "DELETE FROM queue_pause WHERE queue = :queue AND type = :type"

_PAUSE = """
    INSERT INTO queue_pause (queue, type, actor, reason, since, until)
    VALUES (:queue, :type, :actor, :reason, {now}, :until)
"""

_DISOWN = "DELETE FROM queue_owner WHERE queue = :queue"

_OWN = """
    INSERT INTO queue_owner (queue, owner, actor, reason, since)
    VALUES (:queue, :owner, :actor, :reason, {now})
"""


class QueuePauses:
    """One row per pause; a second one of the same replaces the first."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database, self._now = database, moves.now

    def pause(self, queue: str, type_: str | None, why: Reason, until: datetime | None) -> None:
        values = {
            "queue": queue,
            "type": type_ or "",
            "actor": why.actor[:ACTOR_LENGTH],
            "reason": why.reason,
            "until": microseconds_of(until) if until else None,
        }

        def write(transaction: Transaction) -> None:
            transaction.execute(_UNPAUSE, values)
            transaction.execute(_PAUSE.format(now=self._now), values)
            _audit(transaction, "queue:pause", _place(queue, type_), why)

        self._database.atomically(write)

    def resume(self, queue: str, type_: str | None, why: Reason) -> bool:
        def write(transaction: Transaction) -> bool:
            values = {"queue": queue, "type": type_ or ""}
            if not transaction.execute(_UNPAUSE, values).rowcount:
                return False
            _audit(transaction, "queue:resume", _place(queue, type_), why)
            return True

        return self._database.atomically(write)

    def own(self, queue: str, owner: str, why: Reason) -> None:
        """Give the queue to ``crontract`` or to ``legacy``; the other side then leaves it alone."""
        values = {
            "queue": queue,
            "owner": owner,
            "actor": why.actor[:ACTOR_LENGTH],
            "reason": why.reason,
        }

        def write(transaction: Transaction) -> None:
            transaction.execute(_DISOWN, values)
            transaction.execute(_OWN.format(now=self._now), values)
            _audit(transaction, "queue:own", f"{queue}: {owner}", why)

        self._database.atomically(write)


def _place(queue: str, type_: str | None) -> str:
    return f"{queue} {type_}" if type_ else queue


def _audit(transaction: Transaction, verb: str, target: str, why: Reason) -> None:
    audit(transaction, why.actor[:ACTOR_LENGTH], verb, target, why.reason, datetime.now(UTC))
