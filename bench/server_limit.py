"""The least that an import into a server can cost: the file into a staging table, one merge.

The server itself reads the file's bytes; no checks, no history, no links.
Run: python -m bench.server_limit URL FILE
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.private_shop import SUPPLIER
from bench.server_stock import connect, is_postgresql

_NOW = "2026-11-21T12:00:00.000000Z"

_POSTGRESQL_STAGE = (
    """
    CREATE TEMPORARY TABLE raw (article_no text, ean text, maker text, name text, size text,
        qty integer, price text, dot text) ON COMMIT DROP
    """,
    """
    COPY raw FROM STDIN WITH (FORMAT csv, DELIMITER ';', HEADER, ENCODING 'LATIN1',
    FORCE_NOT_NULL (dot))
    """,
)
_POSTGRESQL_MERGE = (
    """
    CREATE TEMPORARY TABLE staged ON COMMIT DROP AS SELECT article_no, dot, ean, qty,
        replace(price, ',', '')::bigint AS price_cents FROM raw
    """,
    "ANALYZE staged",
    """
    MERGE INTO supplier_stock AS t USING staged AS s
    ON t.supplier_id = {supplier} AND t.supplier_article_no = s.article_no AND t.dot = s.dot
    WHEN MATCHED AND (t.qty, t.price_cents, t.ean) IS DISTINCT FROM (s.qty, s.price_cents, s.ean)
    THEN UPDATE SET qty = s.qty, price_cents = s.price_cents, ean = s.ean, seen_run = 1,
        updated_at = '{now}'
    WHEN NOT MATCHED THEN INSERT VALUES ({supplier}, s.article_no, s.dot, s.ean, s.qty,
        s.price_cents, 'EUR', NULL, 1, '{now}')
    """,
    """
    UPDATE supplier_stock AS t SET qty = 0, seen_run = 1, updated_at = '{now}'
    WHERE supplier_id = {supplier} AND qty <> 0 AND NOT EXISTS (
        SELECT 1 FROM staged AS s WHERE s.article_no = t.supplier_article_no AND s.dot = t.dot
    )
    """,
)

_MARIADB = (
    """
    CREATE TEMPORARY TABLE staged (article_no VARCHAR(100), dot VARCHAR(40), ean VARCHAR(14),
        qty INTEGER, price_cents BIGINT, PRIMARY KEY (article_no, dot))
        CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin
    """,
    """
    LOAD DATA LOCAL INFILE '{file}' INTO TABLE staged CHARACTER SET latin1
    FIELDS TERMINATED BY ';' LINES TERMINATED BY '\\r\\n' IGNORE 1 LINES
    (article_no, ean, @maker, @name, @size, qty, @price, dot)
    SET price_cents = replace(@price, ',', '')
    """,
    """
    UPDATE supplier_stock AS t JOIN staged AS s ON t.supplier_id = {supplier}
        AND t.supplier_article_no = s.article_no AND t.dot = s.dot
    SET t.qty = s.qty, t.price_cents = s.price_cents, t.ean = s.ean, t.seen_run = 1,
        t.updated_at = '{now}'
    WHERE t.qty <> s.qty OR NOT t.price_cents <=> s.price_cents OR NOT t.ean <=> s.ean
    """,
    """
    INSERT INTO supplier_stock SELECT {supplier}, s.article_no, s.dot, s.ean, s.qty, s.price_cents,
        'EUR', NULL, 1, '{now}'
    FROM staged AS s LEFT JOIN supplier_stock AS t ON t.supplier_id = {supplier}
        AND t.supplier_article_no = s.article_no AND t.dot = s.dot
    WHERE t.supplier_id IS NULL
    """,
    """
    UPDATE supplier_stock AS t LEFT JOIN staged AS s
        ON s.article_no = t.supplier_article_no AND s.dot = t.dot
    SET t.qty = 0, t.seen_run = 1, t.updated_at = '{now}'
    WHERE t.supplier_id = {supplier} AND t.qty <> 0 AND s.article_no IS NULL
    """,
)


def into_postgresql(cursor: Any, file: Path) -> None:
    table, copy_in = _POSTGRESQL_STAGE
    cursor.execute(table)
    with cursor.copy(copy_in) as copy, file.open("rb") as data:
        while block := data.read(1 << 20):
            copy.write(block)
    for statement in _POSTGRESQL_MERGE:
        cursor.execute(statement.format(supplier=SUPPLIER, now=_NOW))


def into_mariadb(cursor: Any, file: Path) -> None:
    for statement in _MARIADB:
        cursor.execute(statement.format(supplier=SUPPLIER, now=_NOW, file=file))


def main() -> None:
    url, file = sys.argv[1:]
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        (into_postgresql if is_postgresql(url) else into_mariadb)(cursor, Path(file))
        cursor.execute("COMMIT")


if __name__ == "__main__":
    main()
