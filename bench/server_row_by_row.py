"""The import into a server as scripts of old write it: select, then update or insert, per line.

Run: python -m bench.server_row_by_row URL FILE
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from bench.private_shop import SUPPLIER
from bench.raw_limit import rows
from bench.server_stock import connect

_NOW = "2026-11-21T12:00:00.000000Z"

_FIND = """
    SELECT qty, price_cents, ean FROM supplier_stock
    WHERE supplier_id = %s AND supplier_article_no = %s AND dot = %s
    """
_CHANGE = """
    UPDATE supplier_stock SET qty = %s, price_cents = %s, ean = %s, seen_run = 1, updated_at = %s
    WHERE supplier_id = %s AND supplier_article_no = %s AND dot = %s
    """
_ADD = "INSERT INTO supplier_stock VALUES (%s, %s, %s, %s, %s, %s, 'EUR', NULL, 1, %s)"
_STOCKED = "SELECT supplier_article_no, dot FROM supplier_stock WHERE supplier_id = %s AND qty <> 0"
_ZERO = """
    UPDATE supplier_stock SET qty = 0, updated_at = %s
    WHERE supplier_id = %s AND supplier_article_no = %s AND dot = %s
    """


def main() -> None:
    url, file = sys.argv[1:]
    listed = set()
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        for article_no, dot, ean, qty, price in rows(Path(file)):
            key = SUPPLIER, article_no, dot
            listed.add(key[1:])
            cursor.execute(_FIND, key)
            found = cursor.fetchone()
            if found is None:
                cursor.execute(_ADD, (*key, ean, qty, price, _NOW))
            elif found != (qty, price, ean):
                cursor.execute(_CHANGE, (qty, price, ean, _NOW, *key))
        cursor.execute(_STOCKED, (SUPPLIER,))
        for gone in set(cursor.fetchall()) - listed:
            cursor.execute(_ZERO, (_NOW, SUPPLIER, *gone))


if __name__ == "__main__":
    main()
