"""A stock to export, and the least that an export could do, by hand; run as a child.

Run: python -m bench.export_rows fill URL ARTICLES | raw URL FILE
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.sql.connection import Database
from infra.sql.engine import make_engine

_STEP = 20_000
"""No statement takes longer than a connection of this kind may."""

_NUMBERS: Mapping[str, str] = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s"
    " WHERE n < {last}) SELECT n FROM s) numbers",
    "postgresql": "generate_series({first}, {last}) AS numbers(n)",
    "mariadb": "(SELECT seq AS n FROM seq_{first}_to_{last}) AS numbers",
}
_PADDED: Mapping[str, str] = {
    "sqlite": "printf('%d', 4000000000000 + n)",
    "postgresql": "CAST(4000000000000 + n AS TEXT)",
    "mariadb": "CAST(4000000000000 + n AS CHAR)",
}
# One EAN in ten has the right check digit; two offers for every third article.
_FILL = (
    (
        "INSERT INTO article (id, ean, maker, maker_no, name) SELECT n, {padded}, 'Norvik',"
        " {padded}, 'Norvik Winter 205/55 R16 91V' FROM {numbers}"
    ),
    (
        "INSERT INTO supplier_article (supplier_id, supplier_article_no, article_id, matched_by,"
        " matched_at) SELECT 1, {padded}, n, 'ean', '' FROM {numbers}"
    ),
    (
        "INSERT INTO supplier_stock (supplier_id, supplier_article_no, qty, price_cents, currency,"
        " delivery_days, seen_run, updated_at) SELECT 1, {padded}, n % 40, 4000 + n % 20000, 'EUR',"
        " 2, 1, '' FROM {numbers}"
    ),
    (
        "INSERT INTO supplier_article (supplier_id, supplier_article_no, article_id, matched_by,"
        " matched_at) SELECT 2, {padded}, n, 'ean', '' FROM {numbers} WHERE n % 3 = 0"
    ),
    (
        "INSERT INTO supplier_stock (supplier_id, supplier_article_no, qty, price_cents, currency,"
        " delivery_days, seen_run, updated_at) SELECT 2, {padded}, n % 7, 4100 + n % 20000, 'EUR',"
        " 1, 1, '' FROM {numbers} WHERE n % 3 = 0"
    ),
)
_AFTER: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)", "ANALYZE"),
    "postgresql": ("VACUUM ANALYZE",),
    "mariadb": ("ANALYZE TABLE article, supplier_article, supplier_stock",),
}

PLAIN = """
    SELECT a.id, a.ean, a.maker, a.name, o.pieces, o.cents
    FROM (SELECT l.article_id, SUM(s.qty) AS pieces, MIN(s.price_cents) AS cents
        FROM supplier_article l JOIN supplier_stock s ON s.supplier_id = l.supplier_id
            AND s.supplier_article_no = l.supplier_article_no
        GROUP BY l.article_id) o
    JOIN article a ON a.id = o.article_id ORDER BY o.article_id
    """
"""The same articles and offers, priced by nobody, checked and written in no form."""


def fill(url: str, articles: int) -> None:
    database = Database(url)
    kind = database.kind
    for first in range(1, articles + 1, _STEP):
        numbers = _NUMBERS[kind].format(first=first, last=min(first + _STEP - 1, articles))
        for statement in _FILL:
            database.execute(statement.format(padded=_PADDED[kind], numbers=numbers))
    for statement in _AFTER[kind]:
        database.rows(statement) if kind == "mariadb" else database.execute(statement)
    database.close()


def raw(url: str, file: Path) -> None:
    """By the fastest way that the driver has: COPY, or a cursor that is read as it goes."""
    with make_engine(url).connect() as connection, file.open("wb") as out:
        driver: Any = connection.connection.dbapi_connection
        if url.startswith("postgresql"):
            with driver.cursor() as cursor, cursor.copy(f"COPY ({PLAIN}) TO STDOUT CSV") as rows:
                for row in rows:
                    out.write(row)
            return
        cursor = _streaming(driver, url)
        cursor.execute(PLAIN)
        with file.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, delimiter=";").writerows(iter(cursor.fetchone, None))


def _streaming(driver: Any, url: str) -> Any:
    if url.startswith("sqlite"):
        return driver.cursor()
    from pymysql.cursors import SSCursor

    return driver.cursor(SSCursor)


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        raw(sys.argv[2], Path(sys.argv[3]))
