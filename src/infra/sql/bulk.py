"""Many rows into one table by the fastest way that needs no file: COPY, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import cast

from sqlalchemy import Connection

from infra.sql.address import POSTGRESQL
from infra.sql.engine import kind_of

AT_ONCE = 1_000

Cells = tuple[object, ...]


def insert_many(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[Cells]
) -> None:
    """Insert within the transaction that is open; ``table`` and ``names`` are our own words."""
    if kind_of(connection) == POSTGRESQL:
        _copy(connection, f"COPY {table} ({', '.join(names)}) FROM STDIN", rows)
        return
    marks = ", ".join([_mark(connection)] * len(names))
    into = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - the names are our own
    left = iter(rows)
    while batch := list(islice(left, AT_ONCE)):
        connection.exec_driver_sql(into, batch)  # MariaDB's driver makes one statement of them


def _copy(connection: Connection, into: str, rows: Iterable[Cells]) -> None:
    import psycopg

    driver = cast("psycopg.Connection", connection.connection.dbapi_connection)
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
