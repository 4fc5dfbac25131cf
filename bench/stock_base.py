"""The stock before an import, and what it must be afterwards.

Run: python -m bench.stock_base fill|check DATABASE --lines N
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from typing import Any

from bench.private_shop import SUPPLIER
from bench.tyre_file import after_import, in_stock, lines_in_file

_YESTERDAY = "2026-01-01T00:00:00.000000Z"

_ARTICLE = "INSERT INTO article (id, ean, maker, name) VALUES (?, ?, ?, ?)"
_LINK = "INSERT INTO supplier_article VALUES (?, ?, ?, 'ean', ?)"
_STOCK = "INSERT INTO supplier_stock VALUES (?, ?, ?, ?, ?, ?, 'EUR', NULL, 0, ?)"
_AFTER = """
    SELECT supplier_article_no, dot, ean, qty, price_cents FROM supplier_stock
    WHERE supplier_id = ? ORDER BY supplier_article_no, dot
    """


def fill(connection: sqlite3.Connection, lines: int) -> None:
    """The shop knows every article in stock, and half of those that the file brings anew."""
    connection.execute("BEGIN")
    connection.executemany(_ARTICLE, _articles(lines))
    connection.executemany(_LINK, _links(lines))
    connection.executemany(_STOCK, _stock(lines))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _articles(lines: int) -> Iterator[tuple[Any, ...]]:
    for number in lines_in_file(lines):
        if number < lines or number % 2:
            offer = in_stock(number)
            yield number + 1, offer.ean, offer.maker, f"{offer.name} {offer.size}"


def _links(lines: int) -> Iterator[tuple[Any, ...]]:
    for number in range(lines):
        yield SUPPLIER, in_stock(number).article_no, number + 1, _YESTERDAY


def _stock(lines: int) -> Iterator[tuple[Any, ...]]:
    for offer in map(in_stock, range(lines)):
        sold = offer.quantity, offer.price_cents
        yield SUPPLIER, offer.article_no, offer.dot, offer.ean, *sold, _YESTERDAY


def first_fault(connection: sqlite3.Connection, lines: int) -> str:
    """The first row of stock that differs from what the file says; "" for none."""
    wanted, found = after_import(lines), connection.execute(_AFTER, (SUPPLIER,))
    for want, have in zip_longest(wanted, found):
        if want != have:
            return f"stock should hold {want}, holds {have}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill or check the stock of a benchmark.")
    parser.add_argument("what", choices=("fill", "check"))
    parser.add_argument("database")
    parser.add_argument("--lines", type=int, required=True)
    given = parser.parse_args()
    with closing(sqlite3.connect(given.database, isolation_level=None)) as connection:
        if given.what == "fill":
            fill(connection, given.lines)
        else:
            sys.exit(first_fault(connection, given.lines) or 0)


if __name__ == "__main__":
    main()
