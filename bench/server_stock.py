"""The benchmark's shop on a database server: filled once, copied before every run, checked after.

Run: python -m bench.server_stock fill|reset|check|clear URL --lines N
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.private_shop import BASE, SHOP
from bench.stock_base import articles, first_fault, links, stock

_COLUMNS = {
    "article": "id, ean, maker, name",
    "supplier_article": "supplier_id, supplier_article_no, article_id, matched_at, matched_by",
    "supplier_stock": "supplier_id, supplier_article_no, dot, ean, qty, price_cents, updated_at,"
    " currency, seen_run",
}
_FLUSHED_PAGES = 100


def connect(url: str, name: str = "") -> Any:
    """Connect to a database of the URL's server; every statement commits by itself."""
    parts = urlsplit(url)
    place = {"host": parts.hostname, "port": parts.port, "user": parts.username}
    if parts.scheme == "postgresql":
        import psycopg

        return psycopg.connect(**place, dbname=name or parts.path[1:], autocommit=True)
    import pymysql

    named = name or parts.path[1:]
    return pymysql.connect(**place, database=named, autocommit=True, local_infile=True)


def is_postgresql(url: str) -> bool:
    return url.startswith("postgresql")


def _ask(connection: Any, statement: str) -> list[Any]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


# --- the base, once ----------------------------------------------------------------------------


def fill(url: str, lines: int, folder: Path) -> None:
    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "article": articles(lines),
        "supplier_article": ((*link, "ean") for link in links(lines)),
        "supplier_stock": ((*row, "EUR", "0") for row in stock(lines)),
    }
    with closing(connect(url)) as connection:
        for table, values in rows.items():
            file = folder / f"{table}.txt"
            with file.open("w", encoding="utf-8") as text:
                text.writelines("\t".join(map(str, row)) + "\n" for row in values)
            (_copy if is_postgresql(url) else _load)(connection, table, file)
            file.unlink()
        if is_postgresql(url):
            _ask(connection, "VACUUM ANALYZE")


def _copy(connection: Any, table: str, file: Path) -> None:
    into = f"COPY {table} ({_COLUMNS[table]}) FROM STDIN"
    with closing(connection.cursor()) as cursor, cursor.copy(into) as copy, file.open("rb") as data:
        while block := data.read(1 << 20):
            copy.write(block)


def _load(connection: Any, table: str, file: Path) -> None:
    _ask(connection, "SET foreign_key_checks = 0")
    _ask(
        connection,
        f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {table} CHARACTER SET utf8mb4"
        f" ({_COLUMNS[table]})",
    )


# --- before and after a run ----------------------------------------------------------------------


def reset(url: str) -> None:
    """Copy the base; what the copy left in memory is on the disk before the clock starts."""
    if is_postgresql(url):
        with closing(connect(url, "postgres")) as connection:
            _ask(connection, f"DROP DATABASE IF EXISTS {SHOP} WITH (FORCE)")
            _ask(connection, f"CREATE DATABASE {SHOP} TEMPLATE {BASE} STRATEGY file_copy")
            _ask(connection, "CHECKPOINT")
        return
    with closing(connect(url, BASE)) as connection:
        _ask(connection, f"DROP DATABASE IF EXISTS {SHOP}")
        _ask(connection, f"CREATE DATABASE {SHOP}")
        _copy_tables(connection)
        _flush(connection)


def _copy_tables(connection: Any) -> None:
    tables = {
        table: _ask(connection, f"SHOW CREATE TABLE {table}")[0][1] for table in _tables(connection)
    }
    _ask(connection, f"USE {SHOP}")
    _ask(connection, "SET foreign_key_checks = 0, unique_checks = 0")
    for table, made_by in tables.items():
        _ask(connection, made_by)
        _ask(connection, f"INSERT INTO {table} SELECT * FROM {BASE}.{table}")  # noqa: S608 - our own names
        _ask(connection, f"ANALYZE TABLE {table}")


def _tables(connection: Any) -> Iterator[str]:
    return chain.from_iterable(_ask(connection, "SHOW TABLES"))


def _flush(connection: Any) -> None:
    _ask(connection, "SET GLOBAL innodb_max_dirty_pages_pct = 0")
    dirty = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
    while int(_ask(connection, dirty)[0][1]) > _FLUSHED_PAGES:
        time.sleep(0.1)
    _ask(connection, "SET GLOBAL innodb_max_dirty_pages_pct = 90")


def check(url: str, lines: int) -> str:
    """The first row of stock that differs from what the file says; "" for none."""
    with closing(connect(url)) as connection:
        if is_postgresql(url):
            with connection.transaction(), connection.cursor("stock") as cursor:
                return first_fault(cursor, lines)
        from pymysql.cursors import SSCursor

        with closing(connection.cursor(SSCursor)) as cursor:
            return first_fault(cursor, lines)


def version(url: str) -> str:
    with closing(connect(url)) as connection:
        found = str(_ask(connection, "SELECT version()")[0][0])
    return (
        " ".join(found.split()[:2]) if is_postgresql(url) else f"MariaDB {found.partition('-')[0]}"
    )


def create(url: str) -> None:
    """An empty database of the base's name."""
    with closing(connect(url, "postgres" if is_postgresql(url) else "mysql")) as connection:
        _ask(connection, f"DROP DATABASE IF EXISTS {BASE}")
        _ask(connection, f"CREATE DATABASE {BASE}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill, copy or check stock on a server.")
    parser.add_argument("what", choices=("create", "fill", "reset", "check", "version"))
    parser.add_argument("url")
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--folder", type=Path, default=Path())
    given = parser.parse_args()
    if given.what == "check":
        sys.exit(check(given.url, given.lines) or 0)
    elif given.what == "version":
        print(version(given.url))
    elif given.what == "fill":
        fill(given.url, given.lines, given.folder)
    else:
        (create if given.what == "create" else reset)(given.url)


if __name__ == "__main__":
    main()
