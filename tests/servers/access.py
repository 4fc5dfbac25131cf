"""The tests' own way into a database: what the program wrote is read without its code."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit


class Access:
    """A connection that commits every statement; parameters are ``?`` on every database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.kind, self._connection = _connect(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self._cursor(statement, values)
        found = [tuple(row) for row in cursor.fetchall()]
        cursor.close()
        return found

    def execute(self, statement: str, *values: object) -> int:
        """Give how many rows it touched."""
        cursor = self._cursor(statement, values)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Do it for all rows or for none."""
        self.execute("BEGIN")
        try:
            cursor = self._connection.cursor()
            cursor.executemany(self._styled(statement), rows)
            cursor.close()
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def _cursor(self, statement: str, values: Sequence[object]) -> Any:
        cursor = self._connection.cursor()
        if values:
            cursor.execute(self._styled(statement), values)
        else:
            cursor.execute(statement)
        return cursor

    def _styled(self, statement: str) -> str:
        if self.kind == "sqlite":
            return statement
        return statement.replace("%", "%%").replace("?", "%s")


def _connect(url: str) -> tuple[str, Any]:
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    if scheme == "sqlite":
        path = url.partition(":///")[2]
        return "sqlite", sqlite3.connect(path, timeout=30, isolation_level=None)
    place: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    name = unquote(parts.path.removeprefix("/"))
    if scheme.startswith("postgres"):
        import psycopg

        return "postgresql", psycopg.connect(**place, dbname=name, autocommit=True)
    import pymysql

    # "change" is a word of its own to MariaDB; quoted, it is a column everywhere.
    place["password"] = place["password"].encode()  # as text, the driver takes it for Latin-1
    quotes = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')"
    return "mariadb", pymysql.connect(**place, database=name, autocommit=True, init_command=quotes)
