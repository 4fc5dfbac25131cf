"""PostgreSQL's way in: COPY, and one full join of the file with the stock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, cast

import psycopg

from domain.jobs.supplier_import.lines import StockLine
from domain.jobs.supplier_import.setting import Mode
from infra.sql.staging.bulk import ServerStaging, Write
from infra.sql.staging.lines import ANSWERS, TAKEN

_KEY = 'TEXT COLLATE "C"'

_TABLES = (
    # Room for sorts and hashes of a large file; the server's default is made for many at once.
    "SET work_mem = '64MB'",
    """
    CREATE TEMPORARY TABLE staged_line (
        place INTEGER NOT NULL, line INTEGER NOT NULL, article_no {key} NOT NULL, ean {key},
        quantity INTEGER NOT NULL, price_cents BIGINT, dot {key} NOT NULL DEFAULT '',
        delivery_days INTEGER, maker {key}, maker_no {key}
    )
    """,
    """
    CREATE TEMPORARY TABLE staged_reject (
        no INTEGER GENERATED ALWAYS AS IDENTITY, line INTEGER NOT NULL, reason {key} NOT NULL,
        raw {key} NOT NULL, article_no {key}
    )
    """,
    """
    CREATE TEMPORARY TABLE listed (
        article_no {key} NOT NULL, dot {key} NOT NULL, ean {key}, quantity INTEGER,
        price_cents BIGINT, delivery_days INTEGER, place INTEGER
    )
    """,
    *ANSWERS,
)

# One pass over both sides; an article whose line could not be read keeps its stock.
_DIFFERENCES = """
    INSERT INTO delta
    SELECT coalesce(l.article_no, o.supplier_article_no), coalesce(l.dot, o.dot),
        CASE WHEN o.qty IS NULL THEN 'new' WHEN l.place IS NULL THEN 'gone' ELSE 'changed' END,
        o.qty, coalesce(l.quantity, 0), o.price_cents,
        CASE WHEN l.place IS NULL THEN o.price_cents ELSE l.price_cents END,
        CASE WHEN l.place IS NULL THEN o.ean ELSE l.ean END,
        CASE WHEN l.place IS NULL THEN o.delivery_days ELSE l.delivery_days END,
        CASE WHEN l.place IS NULL THEN o.currency ELSE :currency END, l.place
    FROM {{source}} AS l
    {join} JOIN (SELECT * FROM supplier_stock WHERE supplier_id = :supplier_id) AS o
        ON o.supplier_article_no = l.article_no AND o.dot = l.dot
    WHERE o.qty IS NULL OR CASE WHEN l.place IS NULL THEN
            o.qty <> 0 AND o.supplier_article_no NOT IN (
                SELECT article_no FROM staged_reject WHERE article_no IS NOT NULL
            )
        ELSE o.qty <> l.quantity OR o.price_cents IS DISTINCT FROM l.price_cents
            OR o.ean IS DISTINCT FROM l.ean OR o.currency <> :currency
            OR o.delivery_days IS DISTINCT FROM l.delivery_days
        END
    """


class FileStaging(ServerStaging):
    """Temporary tables of one session."""

    tables = tuple(statement.format(key=_KEY) for statement in _TABLES)
    # A quarter of the time that groups of two texts take. Two keys with one hash cost that time.
    has_duplicates = """
        SELECT count(DISTINCT hashtextextended(dot, hashtextextended(article_no, 0))) < count(*)
        FROM staged_line
        """
    differences: ClassVar = {
        Mode.DELTA: (_DIFFERENCES.format(join="LEFT"),),
        Mode.FULL: (_DIFFERENCES.format(join="FULL"),),
    }
    book_stock = """
        INSERT INTO supplier_stock (supplier_id, supplier_article_no, dot, ean, qty, price_cents,
            currency, delivery_days, seen_run, updated_at)
        SELECT :supplier_id, article_no, dot, ean, qty, price_cents, currency, delivery_days,
            :import_run_id, :now
        FROM delta ORDER BY article_no, dot
        ON CONFLICT (supplier_id, supplier_article_no, dot) DO UPDATE SET ean = excluded.ean,
            qty = excluded.qty, price_cents = excluded.price_cents, currency = excluded.currency,
            delivery_days = excluded.delivery_days, seen_run = excluded.seen_run,
            updated_at = excluded.updated_at
        """

    @contextmanager
    def _stream(self) -> Iterator[Write]:
        driver = cast(psycopg.Connection, self._connection.connection.dbapi_connection)
        tabbed = self._tabbed
        into = f"COPY staged_line ({', '.join(tabbed.names)}) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(into) as copy:

            def write(lines: Sequence[StockLine]) -> None:
                copy.write(tabbed.text(lines))

            yield write

    def sort(self) -> None:
        self.know(TAKEN)

    def know(self, table: str) -> None:
        self._connection.exec_driver_sql(f"ANALYZE {table}")
