"""Many rows into one table by the fastest way that needs no file: COPY, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import cast

from sqlalchemy import Connection

from infra.sql.address import POSTGRESQL
from infra.sql.engine import kind_of

_CELLS_AT_ONCE = 900
"""SQLite takes some thousand marks in a statement; from a hundred rows on more gain nothing."""

Cells = Sequence[object]


def insert_many(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[Cells]
) -> None:
    """Insert within the transaction that is open; ``table`` and ``names`` are our own words."""
    if kind_of(connection) == POSTGRESQL:
        _copy(connection, f"COPY {table} ({', '.join(names)}) FROM STDIN", rows)
        return
    one = f"({', '.join([_mark(connection)] * len(names))})"
    into = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608 - the names are our own
    at_once = max(1, _CELLS_AT_ONCE // len(names))
    left = iter(rows)
    while batch := list(islice(left, at_once)):
        statement = into + ", ".join([one] * len(batch))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(batch)))


def _copy(connection: Connection, into: str, rows: Iterable[Cells]) -> None:
    import psycopg

    driver = cast("psycopg.Connection", connection.connection.dbapi_connection)
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
