"""Q2: due messages are taken in their order, each by one claimer only."""

from __future__ import annotations

from collections.abc import Sequence

from domain.queue.ageing import turn
from domain.queue.dao import Wanted
from domain.queue.job import Message
from domain.queue.transitions import Move
from infra.sql.address import SQLITE
from infra.sql.connection import Database, Transaction
from infra.sql.drivers.faults import Taken
from infra.sql.queue.messages import COLUMNS, ids_of, message_of
from infra.sql.queue.moves import Moves
from infra.sql.queue.statements import limit_values, row_ids, rows_are
from infra.sql.queue.waiting import Waiting

_TRIES = 5
"""How often it is looked again where others took all that was seen."""

_LOCK = "SELECT id FROM queue WHERE {which} AND status = 'NEW' ORDER BY id FOR UPDATE SKIP LOCKED"

_TAKEN = f"""
    SELECT {COLUMNS} FROM queue
    WHERE {{which}} AND run_id = :run_id AND status = 'IN_QUEUE'
"""  # noqa: S608 - the table's own words

_OURS = """ AND NOT EXISTS (
    SELECT 1 FROM queue_owner AS owned
    WHERE owned.queue = queue.queue AND owned.owner = 'legacy')"""


class Claims:
    """Takes messages for one run after the other."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database, self._moves = database, moves
        self.waiting = Waiting(database, moves.now)

    def take(self, wanted: Wanted, run_id: str, most: int) -> Sequence[Message]:
        """See the port. Reads without a lock first: a poll that finds nothing costs no more."""
        for _ in range(_TRIES):
            ids = self.waiting.heads(wanted, most)
            if not ids:
                break
            if taken := self._take(ids, run_id):
                return sorted(taken, key=turn)
        return []

    def _take(self, ids: Sequence[int], run_id: str) -> Sequence[Message]:
        try:
            return self._database.atomically(
                lambda transaction: self._taken(transaction, sorted(ids), run_id)
            )
        except Taken:  # another was faster with a message of the same entity key
            return []

    def _taken(
        self, transaction: Transaction, ids: Sequence[int], run_id: str
    ) -> Sequence[Message]:
        ids = self._locked(transaction, ids)
        if not ids:
            return []
        values = {**limit_values(self._moves.limits), **row_ids(ids), "run_id": run_id}
        statement = self._moves.statements.move(Move.CLAIM, len(ids)) + _OURS
        transaction.execute(statement, values)
        found = transaction.execute(_TAKEN.format(which=rows_are(len(ids))), values)
        return [message_of(row) for row in found.fetchall()]

    def _locked(self, transaction: Transaction, ids: Sequence[int]) -> Sequence[int]:
        """Lock what no other claimer has locked; on SQLite the whole file is ours by now."""
        if self._database.kind == SQLITE:
            return ids
        found = transaction.execute(_LOCK.format(which=rows_are(len(ids))), row_ids(ids))
        return ids_of(found.fetchall())
