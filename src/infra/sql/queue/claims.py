"""Q2: due messages are taken in their order, each by one claimer only."""

from __future__ import annotations

from collections.abc import Sequence

from domain.queue.ageing import turn
from domain.queue.dao import Wanted
from domain.queue.execution import after
from domain.queue.guards import Given
from domain.queue.job import Message
from domain.queue.transitions import BY_MOVE, Move
from infra.sql.address import MARIADB, POSTGRESQL, SQLITE
from infra.sql.connection import Database, Transaction
from infra.sql.drivers.faults import Collision, Taken
from infra.sql.queue.messages import COLUMNS, ids_of, instant_of, message_of
from infra.sql.queue.moves import Moves
from infra.sql.queue.statements import Statements, limit_values, row_ids, rows_are
from infra.sql.queue.waiting import Waiting

_TRIES = 5
"""How often it is looked again where others took all that was seen."""

# Locked by primary key, so that no two claimers wait for each other.
_LOCKED = """
    WITH locked AS MATERIALIZED (
        SELECT id FROM queue WHERE id = ANY(:ids) AND status = 'NEW'
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""

_SEEN = f"""
    SELECT {COLUMNS}, {{now}} AS clock FROM queue WHERE {{which}} AND status = 'NEW'
    ORDER BY id FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - the table's own words

_TAKEN = f"""
    SELECT {COLUMNS} FROM queue WHERE {{which}} AND run_id = :run_id AND status = 'IN_QUEUE'
"""  # noqa: S608

_OURS = """ AND NOT EXISTS (
    SELECT 1 FROM queue_owner AS owned
    WHERE owned.queue = queue.queue AND owned.owner = 'legacy')"""


class Claims:
    """Takes messages for one run after the other."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database, self._moves = database, moves
        self.waiting = Waiting(database, moves.now)
        self._limits = limit_values(moves.limits)
        self._at_given_instant = Statements(":now")
        self._ways = {
            SQLITE: self._on_sqlite,
            POSTGRESQL: self._on_postgresql,
            MARIADB: self._on_mariadb,
        }

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
            return self._ways[self._database.kind](sorted(ids), run_id)
        except (Taken, Collision):  # another was faster with a message of the same entity key
            return []

    def _on_postgresql(self, ids: Sequence[int], run_id: str) -> Sequence[Message]:
        statement = self._claim(which="id IN (SELECT id FROM locked)")
        rows = self._database.rows(
            f"{_LOCKED}{statement} RETURNING {COLUMNS}", **self._limits, ids=ids, run_id=run_id
        )
        return [message_of(row) for row in rows]

    def _on_sqlite(self, ids: Sequence[int], run_id: str) -> Sequence[Message]:
        """Without a lock: what another took since it was seen is not NEW any more."""
        statement = f"{self._claim(len(ids))} RETURNING {COLUMNS}"
        rows = self._database.rows(statement, **self._limits, **row_ids(ids), run_id=run_id)
        return [message_of(row) for row in rows]

    def _on_mariadb(self, ids: Sequence[int], run_id: str) -> Sequence[Message]:
        """Read the rows while they are locked, for no UPDATE tells them there."""
        return self._database.atomically(
            lambda transaction: self._locked_and_taken(transaction, ids, run_id)
        )

    def _locked_and_taken(
        self, transaction: Transaction, ids: Sequence[int], run_id: str
    ) -> Sequence[Message]:
        seen = _SEEN.format(which=rows_are(len(ids)), now=self._moves.now)
        rows = transaction.execute(seen, row_ids(ids)).fetchall()
        if not rows:
            return []
        ids, clock = ids_of(rows), int(rows[0]["clock"])
        values = {**self._limits, **row_ids(ids), "run_id": run_id, "now": clock}
        statement = self._at_given_instant.move(Move.CLAIM, len(ids)) + _OURS
        if transaction.execute(statement, values).rowcount != len(ids):
            taken = _TAKEN.format(which=rows_are(len(ids)))
            rows = transaction.execute(taken, values).fetchall()
            return [message_of(row) for row in rows]
        given = Given(now=instant_of(clock), limits=self._moves.limits, run_id=run_id)
        return [_claimed(message_of(row), given) for row in rows]

    def _claim(self, rows: int = 1, which: str = "") -> str:
        return self._moves.statements.move(Move.CLAIM, rows, which) + _OURS


def _claimed(message: Message, given: Given) -> Message:
    claimed = after(BY_MOVE[Move.CLAIM], message, given)
    if claimed is None:
        raise AssertionError("a claim deletes nothing")
    return claimed
