"""MariaDB's way in: LOAD DATA LOCAL from a pipe; INSERT where the server does not allow it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, ClassVar

from sqlalchemy import Connection

from domain.jobs.supplier_import.lines import StockLine
from domain.jobs.supplier_import.setting import ImportSetting, Mode
from infra.sql.staging.bulk import ServerStaging, Write
from infra.sql.staging.lines import ANSWERS

_KEY = "VARCHAR(100) COLLATE utf8mb4_nopad_bin"
_LONG = "TEXT COLLATE utf8mb4_nopad_bin"

_TABLES = (
    # The file's own order decides nothing: sorted as they come in, the lines are compared with a
    # stock that is sorted alike, and lines of one article stand side by side.
    """
    CREATE TEMPORARY TABLE staged_line (
        place INTEGER NOT NULL, line INTEGER NOT NULL, article_no {key} NOT NULL, ean {key},
        quantity INTEGER NOT NULL, price_cents BIGINT, dot {key} NOT NULL DEFAULT '',
        delivery_days INTEGER, maker {key}, maker_no {key}, PRIMARY KEY (article_no, dot, place)
    )
    """,
    """
    CREATE TEMPORARY TABLE staged_reject (
        no INTEGER AUTO_INCREMENT PRIMARY KEY, line INTEGER NOT NULL, reason {long} NOT NULL,
        raw {long} NOT NULL, article_no {key}, KEY (article_no)
    )
    """,
    """
    CREATE TEMPORARY TABLE listed (
        article_no {key} NOT NULL, dot {key} NOT NULL, ean {key}, quantity INTEGER,
        price_cents BIGINT, delivery_days INTEGER, place INTEGER, PRIMARY KEY (article_no, dot)
    )
    """,
    *ANSWERS,
)

_NEW_AND_CHANGED = """
    INSERT INTO delta
    SELECT STRAIGHT_JOIN l.article_no, l.dot,
        CASE WHEN o.qty IS NULL THEN 'new' ELSE 'changed' END,
        o.qty, l.quantity, o.price_cents, l.price_cents, l.ean, l.delivery_days, :currency, l.place
    FROM {source} AS l
    LEFT JOIN supplier_stock AS o
        ON o.supplier_id = :supplier_id AND o.supplier_article_no = l.article_no AND o.dot = l.dot
    WHERE o.qty IS NULL OR o.qty <> l.quantity OR NOT o.price_cents <=> l.price_cents
        OR NOT o.ean <=> l.ean OR NOT o.delivery_days <=> l.delivery_days
        OR o.currency <> :currency
    """

# An article whose line could not be read is still listed: it keeps its stock.
_GONE = """
    INSERT INTO delta
    SELECT STRAIGHT_JOIN o.supplier_article_no, o.dot, 'gone', o.qty, 0, o.price_cents,
        o.price_cents, o.ean, o.delivery_days, o.currency, NULL
    FROM supplier_stock AS o
    LEFT JOIN {source} AS l ON l.article_no = o.supplier_article_no AND l.dot = o.dot
    LEFT JOIN staged_reject AS r ON r.article_no = o.supplier_article_no
    WHERE o.supplier_id = :supplier_id AND o.qty <> 0 AND l.article_no IS NULL AND r.no IS NULL
    """


class FileStaging(ServerStaging):
    """Temporary tables of one session."""

    tables = tuple(statement.format(key=_KEY, long=_LONG) for statement in _TABLES)
    has_duplicates = """
        SELECT EXISTS (SELECT 1 FROM staged_line GROUP BY article_no, dot HAVING count(*) > 1)
        """
    differences: ClassVar = {Mode.DELTA: (_NEW_AND_CHANGED,), Mode.FULL: (_NEW_AND_CHANGED, _GONE)}
    book_stock = """
        INSERT INTO supplier_stock (supplier_id, supplier_article_no, dot, ean, qty, price_cents,
            currency, delivery_days, seen_run, updated_at)
        SELECT :supplier_id, article_no, dot, ean, qty, price_cents, currency, delivery_days,
            :import_run_id, :now
        FROM delta ORDER BY article_no, dot
        ON DUPLICATE KEY UPDATE ean = VALUES(ean), qty = VALUES(qty),
            price_cents = VALUES(price_cents), currency = VALUES(currency),
            delivery_days = VALUES(delivery_days), seen_run = VALUES(seen_run),
            updated_at = VALUES(updated_at)
        """

    def __init__(self, connection: Connection, setting: ImportSetting) -> None:
        super().__init__(connection, setting)
        with connection.begin():
            asked = connection.exec_driver_sql("SELECT @@local_infile")
            self._may_load = bool(asked.scalar_one())

    def sort(self) -> None:
        """The key did it while they came in."""

    def know(self, table: str) -> None:
        """The server counts by itself."""

    def _stream(self) -> AbstractContextManager[Write]:
        return self._loading() if self._may_load else self._inserting()

    @contextmanager
    def _loading(self) -> Iterator[Write]:
        """The driver reads a file of ours and sends it: a pipe, which this thread fills."""
        readable, writable = os.pipe()
        with ThreadPoolExecutor(1) as beside:
            loaded = beside.submit(self._load_from, readable)
            sent = 0
            # Where the server gave up, the pipe is broken, and its own error says why.
            with suppress(BrokenPipeError), os.fdopen(writable, "wb") as pipe:

                def write(lines: Sequence[StockLine]) -> None:
                    nonlocal sent
                    sent += len(lines)
                    pipe.write(self._tabbed.text(lines))

                yield write
            taken, warnings = loaded.result()
        if taken != sent or warnings:
            raise RuntimeError(f"MariaDB took {taken} of {sent} lines: {warnings}")

    def _load_from(self, readable: int) -> tuple[int, Sequence[object]]:
        """How many lines the server took, and what it altered: with LOCAL it only warns."""
        driver: Any = self._connection.connection.dbapi_connection
        try:
            with driver.cursor() as cursor:
                taken = cursor.execute(
                    f"LOAD DATA LOCAL INFILE '/dev/fd/{readable}' INTO TABLE staged_line"
                    f" CHARACTER SET utf8mb4 ({', '.join(self._tabbed.names)})"
                )
                return taken, driver.show_warnings() if cursor.warning_count else ()
        finally:
            os.close(readable)

    @contextmanager
    def _inserting(self) -> Iterator[Write]:
        names = self._tabbed.names
        marks = ", ".join(["%s"] * len(names))
        into = f"INSERT INTO staged_line ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - the names are our own

        def write(lines: Sequence[StockLine]) -> None:
            self._connection.exec_driver_sql(into, list(self._tabbed.values(lines)))

        yield write
