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
AFTER = f"""
    SELECT supplier_article_no, dot, ean, qty, price_cents FROM supplier_stock
    WHERE supplier_id = {SUPPLIER} ORDER BY supplier_article_no, dot
    """  # noqa: S608 - a number of our own


def fill(connection: sqlite3.Connection, lines: int) -> None:
    """The shop knows every article in stock, and half of those that the file brings anew."""
    connection.execute("BEGIN")
    connection.executemany(_ARTICLE, articles(lines))
    connection.executemany(_LINK, links(lines))
    connection.executemany(_STOCK, stock(lines))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def articles(lines: int) -> Iterator[tuple[Any, ...]]:
    for number in lines_in_file(lines):
        if number < lines or number % 2:
            offer = in_stock(number)
            yield number + 1, offer.ean, offer.maker, f"{offer.name} {offer.size}"


def links(lines: int) -> Iterator[tuple[Any, ...]]:
    for number in range(lines):
        yield SUPPLIER, in_stock(number).article_no, number + 1, _YESTERDAY


def stock(lines: int) -> Iterator[tuple[Any, ...]]:
    for offer in map(in_stock, range(lines)):
        sold = offer.quantity, offer.price_cents
        yield SUPPLIER, offer.article_no, offer.dot, offer.ean, *sold, _YESTERDAY


def first_fault(cursor: Any, lines: int) -> str:
    """The first row of stock that differs from what the file says; "" for none."""
    cursor.execute(AFTER)
    for want, have in zip_longest(after_import(lines), cursor):
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
            sys.exit(first_fault(connection.cursor(), given.lines) or 0)


if __name__ == "__main__":
    main()
