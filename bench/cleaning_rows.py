"""A table full of old rows, and their deletion by hand.

Run: python -m bench.cleaning_rows fill TABLE URL ROWS | raw TABLE URL
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from infra.sql.connection import Database
from infra.sql.database_clock import NOW

BATCH = 5_000

_OLD_ENOUGH = 400 * 86_400 * 1_000_000

# Created in the order of their ids, a microsecond apart, and processed a second later.
_NUMBERS: Mapping[str, str] = {
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
        {insert} FROM numbers
    """,
    "postgresql": "{insert} FROM generate_series(1, {rows}) AS numbers(n)",
    "mariadb": "{insert} FROM (SELECT seq AS n FROM seq_1_to_{rows}) AS numbers",
}
_INSERTS: Mapping[str, str] = {
    "queue": """
        INSERT INTO queue (id, queue, type, status, payload, attempts, claim_no, status_since,
            created_at, available_at, finished_at)
        SELECT n + {done}, 'general', 'images.update', 'PROCESSED',
            '{{"batch": "images_000123", "supplier": 23, "rows": [1, 2, 3]}}', 1, 1, {then} + n,
            {then} + n, {then} + n, {then} + n + 1000000
    """,
    "log_update": """
        INSERT INTO log_update SELECT n + {done}, {then} + n, 'updating', 'supplier_stock', '42',
            '{{"qty": [4, 8], "price": ["79.90", "81.50"]}}'
    """,
    "article_search_cache": """
        INSERT INTO article_search_cache SELECT n + {done}, '205/55 R16 91V',
            '[4711, 4712, 4713, 4714, 4715, 4716]', {then} + n
    """,
}
_OLD: Mapping[str, str] = {
    "queue": "status = 'PROCESSED' AND finished_at < :cutoff",
    "log_update": "at < :cutoff",
    "article_search_cache": "created_at < :cutoff",
}
_AFTER: Mapping[str, str] = {
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
    "postgresql": "VACUUM ANALYZE {table}",
    "mariadb": "ANALYZE TABLE {table}",
}
_LAST = "INSERT INTO queue (id, queue, type, payload) VALUES (:id, 'general', 'a.b', '{}')"
"""The queue's last message stays."""

_STEP = 20_000
"""No statement takes longer than a connection of this kind may."""


def fill(table: str, url: str, rows: int) -> None:
    """Put the table back to as many old rows."""
    database = Database(url)
    kind = database.kind
    empty = "DELETE FROM" if kind == "sqlite" else "TRUNCATE TABLE"
    database.execute(f"{empty} {table}")
    [clock] = database.rows(f"SELECT {NOW[kind]} AS now")
    for done in range(0, rows, _STEP):
        then = f"{clock['now'] - _OLD_ENOUGH} + {done}"
        insert = _INSERTS[table].format(then=then, done=done)
        database.execute(_NUMBERS[kind].format(insert=insert, rows=min(_STEP, rows - done)))
    if table == "queue":
        database.execute(_LAST, id=rows + 1)
    database.execute(_AFTER[kind].format(table=table))
    database.close()


def raw(table: str, url: str) -> float:
    """Delete by ranges of the primary key, a commit each; gives the longest in milliseconds."""
    database = Database(url)
    [row] = database.rows(
        f"SELECT MIN(id) AS first, MAX(id) AS last, {NOW[database.kind]} AS now FROM {table}"  # noqa: S608
    )
    delete = f"DELETE FROM {table} WHERE id >= :first AND id < :behind AND {_OLD[table]}"  # noqa: S608
    longest, cutoff = 0.0, row["now"] - _OLD_ENOUGH // 2
    for first in range(row["first"], row["last"] + 1, BATCH):
        began = time.perf_counter()
        with database.transaction() as transaction:
            transaction.execute(delete, {"first": first, "behind": first + BATCH, "cutoff": cutoff})
        longest = max(longest, time.perf_counter() - began)
    return longest * 1000


def main() -> None:
    if sys.argv[1] == "fill":
        fill(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        print(raw(sys.argv[2], sys.argv[3]))


if __name__ == "__main__":
    main()
