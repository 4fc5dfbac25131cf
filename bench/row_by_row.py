"""The import as scripts of old write it: one statement per line, then the vanished to 0.

Run: python -m bench.row_by_row DATABASE FILE [--one-transaction]
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from bench.private_shop import SUPPLIER
from bench.raw_limit import connect, rows

_UPSERT = """
    INSERT INTO supplier_stock (supplier_id, supplier_article_no, dot, ean, qty, price_cents,
        currency, seen_run, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, 'EUR', 1, datetime('now'))
    ON CONFLICT (supplier_id, supplier_article_no, dot) DO UPDATE SET ean = excluded.ean,
        qty = excluded.qty, price_cents = excluded.price_cents, seen_run = excluded.seen_run,
        updated_at = excluded.updated_at
    """

_VANISHED = """
    UPDATE supplier_stock SET qty = 0, updated_at = datetime('now')
    WHERE supplier_id = ? AND qty <> 0 AND seen_run <> 1
    """


def main() -> None:
    database, file, *options = sys.argv[1:]
    with closing(connect(database)) as connection:
        if options:
            connection.execute("BEGIN IMMEDIATE")
        for row in rows(Path(file)):
            connection.execute(_UPSERT, (SUPPLIER, *row))
        connection.execute(_VANISHED, (SUPPLIER,))
        if options:
            connection.execute("COMMIT")


if __name__ == "__main__":
    main()
