"""A queue full of finished messages, and their deletion by hand.

Run: python -m bench.queue.clean_rows fill URL ROWS | raw URL
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from infra.sql.connection import Database
from infra.sql.database_clock import NOW

BATCH = 5_000

_FORTNIGHT_AND_MORE = 30 * 86_400 * 1_000_000

# Created in the order of their ids, a microsecond apart, and processed a second later.
_NUMBERS: Mapping[str, str] = {
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
        {insert} FROM numbers
    """,
    "postgresql": "{insert} FROM generate_series(1, {rows}) AS numbers(n)",
    "mariadb": "{insert} FROM (SELECT seq AS n FROM seq_1_to_{rows}) AS numbers",
}
_INSERT = """
    INSERT INTO queue (id, queue, type, status, payload, attempts, claim_no, status_since,
        created_at, available_at, finished_at)
    SELECT n, 'general', 'images.update', 'PROCESSED', '{payload}', 1, 1, {then} + n, {then} + n,
        {then} + n, {then} + n + 1000000
"""
_PAYLOAD = '{"batch": "images_000123", "supplier": 23, "rows": [1, 2, 3]}'
_AFTER: Mapping[str, str] = {
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
    "postgresql": "VACUUM ANALYZE queue",
    "mariadb": "ANALYZE TABLE queue",
}
_STEP = 20_000
"""No statement takes longer than a connection of this kind may."""


def fill(url: str, rows: int) -> None:
    """Put the table back to as many finished messages, and one that waits."""
    database = Database(url)
    kind = database.kind
    database.execute("DELETE FROM queue" if kind == "sqlite" else "TRUNCATE TABLE queue")
    [clock] = database.rows(f"SELECT {NOW[kind]} AS now")
    for done in range(0, rows, _STEP):
        step = min(_STEP, rows - done)
        then = f"{clock['now'] - _FORTNIGHT_AND_MORE} + {done}"
        insert = _INSERT.format(then=then, payload=_PAYLOAD).replace(
            "SELECT n,", f"SELECT n + {done},"
        )
        database.execute(_NUMBERS[kind].format(insert=insert, rows=step))
    last = "INSERT INTO queue (id, queue, type, payload) VALUES (:id, 'general', 'a.b', '{}')"
    database.execute(last, id=rows + 1)
    database.execute(_AFTER[kind])
    database.close()


def raw(url: str) -> float:
    """Delete by ranges of the primary key, a commit each; gives the longest in milliseconds."""
    database = Database(url)
    [row] = database.rows(
        f"SELECT MIN(id) AS first, MAX(id) AS last, {NOW[database.kind]} AS now FROM queue"  # noqa: S608
    )
    delete = (
        "DELETE FROM queue WHERE id >= :first AND id < :behind AND status = 'PROCESSED'"
        " AND finished_at < :cutoff"
    )
    longest, cutoff = 0.0, row["now"] - _FORTNIGHT_AND_MORE // 2
    for first in range(row["first"], row["last"] + 1, BATCH):
        began = time.perf_counter()
        with database.transaction() as transaction:
            transaction.execute(delete, {"first": first, "behind": first + BATCH, "cutoff": cutoff})
        longest = max(longest, time.perf_counter() - began)
    return longest * 1000


def main() -> None:
    if sys.argv[1] == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        print(raw(sys.argv[2]))


if __name__ == "__main__":
    main()
