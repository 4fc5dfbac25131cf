"""Q13: processed messages go by primary key, with their history."""

from __future__ import annotations

from datetime import datetime

from domain.queue.transitions import Move
from infra.sql.connection import Database, Transaction
from infra.sql.queue.messages import ids_of, microseconds_of
from infra.sql.queue.moves import Moves
from infra.sql.queue.statements import CONDITIONS, row_ids, rows_are

_OLD = f"""
    SELECT id FROM queue WHERE status = 'PROCESSED' AND {CONDITIONS["finished_before"]}
    ORDER BY id LIMIT :most
"""  # noqa: S608 - the table's own words


def clean(database: Database, moves: Moves, finished_before: datetime, most: int) -> int:
    """Delete up to ``most`` messages in one transaction; gives how many were."""
    cutoff = microseconds_of(finished_before)
    ids = ids_of(database.rows(_OLD, cutoff=cutoff, most=most))
    if not ids:
        return 0
    values = {**row_ids(ids), "cutoff": cutoff}
    history = f"DELETE FROM queue_history WHERE {rows_are(len(ids)).replace('id', 'message_id', 1)}"  # noqa: S608

    def delete(transaction: Transaction) -> int:
        transaction.execute(history, values)
        return int(
            transaction.execute(moves.statements.move(Move.CLEAN, len(ids)), values).rowcount
        )

    return database.atomically(delete)
