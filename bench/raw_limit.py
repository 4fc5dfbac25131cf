"""The least that an import can cost: no checks, no history, no links; plain SQL and nothing else.

Run: python -m bench.raw_limit DATABASE FILE [--key-only]
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.private_shop import SUPPLIER
from bench.tyre_file import ENCODING

Row = tuple[str, str, str, int, int]

STAGED = "CREATE TEMPORARY TABLE staged (article_no, dot, ean, qty INTEGER, price_cents INTEGER)"

# With all columns in the index the merge never goes back to the lines: a third less time.
_KEY, _ALL = "article_no, dot", "article_no, dot, ean, qty, price_cents"
_INDEX = "CREATE INDEX {schema}.staged_key ON staged ({columns})"

_UPSERT = """
    INSERT INTO supplier_stock (supplier_id, supplier_article_no, dot, ean, qty, price_cents,
        currency, seen_run, updated_at)
    SELECT :supplier, article_no, dot, ean, qty, price_cents, 'EUR', 1, datetime('now')
    FROM staged WHERE true ORDER BY article_no, dot
    ON CONFLICT (supplier_id, supplier_article_no, dot) DO UPDATE SET ean = excluded.ean,
        qty = excluded.qty, price_cents = excluded.price_cents, seen_run = excluded.seen_run,
        updated_at = excluded.updated_at
    WHERE qty <> excluded.qty OR price_cents IS NOT excluded.price_cents
        OR ean IS NOT excluded.ean
    """

_VANISHED = """
    UPDATE supplier_stock SET qty = 0, seen_run = 1, updated_at = datetime('now')
    WHERE supplier_id = :supplier AND qty <> 0 AND NOT EXISTS (
        SELECT 1 FROM staged
        WHERE staged.article_no = supplier_article_no AND staged.dot = supplier_stock.dot
    )
    """


def rows(file: Path) -> Iterator[Row]:
    with file.open(encoding=ENCODING, newline="") as lines:
        reader = csv.reader(lines, delimiter=";")
        next(reader)
        for article_no, ean, _, _, _, quantity, price, dot in reader:
            yield article_no, dot, ean, int(quantity), int(price.replace(",", ""))


def connect(database: str) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def merge(connection: sqlite3.Connection, schema: str, indexed: str = _ALL) -> None:
    """Bring the staged lines into stock where something changed, the vanished to 0."""
    connection.execute(_INDEX.format(schema=schema, columns=indexed))
    connection.execute(_UPSERT, {"supplier": SUPPLIER})
    connection.execute(_VANISHED, {"supplier": SUPPLIER})


def main() -> None:
    database, file, *options = sys.argv[1:]
    with closing(connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(STAGED)
        connection.executemany("INSERT INTO staged VALUES (?, ?, ?, ?, ?)", rows(Path(file)))
        merge(connection, "temp", _KEY if options else _ALL)
        connection.execute("COMMIT")


if __name__ == "__main__":
    main()
