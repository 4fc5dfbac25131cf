"""The supervisor's own connection: plain DB-API, so that no ORM is loaded before the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

from infra.sql.address import Address, address_of
from infra.sql.drivers.faults import Collision
from infra.sql.drivers.named import clean

Row = Mapping[str, Any]

_T = TypeVar("_T")

_TRIES = 5
"""How often a transaction that lost against another one is done anew."""


class Transaction:
    """One open transaction; parameters are written ``:name`` whatever the database."""

    def __init__(self, driver: Any, connection: Any) -> None:
        self._driver, self._connection = driver, connection

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        """Give a cursor; its ``rowcount`` tells how many rows matched, changed or not."""
        return self._driver.execute(self._connection, statement, clean(values or {}))

    def row(self, statement: str, **values: Any) -> Row | None:
        """Read the first row, or None."""
        row: Row | None = self.execute(statement, values).fetchone()
        return row

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        self.execute(_insert(table, values), values)

    def insert_new(self, table: str, values: Mapping[str, Any]) -> bool:
        """Insert a row unless its key is there; waits for another that is just inserting it."""
        statement = _insert(table, values)
        return bool(self._driver.insert_new(self._connection, statement, clean(values)))

    def insert_rows(self, statement: str, values: Mapping[str, Any], back: str) -> Sequence[Row]:
        """Insert several rows, and read the columns ``back`` of those that are new.

        On MariaDB one key that is there already keeps all of them out.
        """
        found: Sequence[Row] = self._driver.insert_rows(
            self._connection, statement, clean(values), back
        )
        return found


def _insert(table: str, values: Mapping[str, Any]) -> str:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - the names are our own


class Database:
    """One lazily opened connection; each ``transaction`` commits or rolls back as a whole."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    @cached_property
    def address(self) -> Address:
        return address_of(self._url)

    @property
    def kind(self) -> str:
        return self.address.kind

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write in one transaction; on SQLite it holds the write lock from its start."""
        with self._translated():
            connection = self._begun()
            try:
                yield Transaction(self._driver, connection)
                connection.commit()  # may fail too, and must not leave the transaction open
            except BaseException:
                with suppress(self._driver.Error):  # a cut connection has rolled back already
                    connection.rollback()
                raise

    def atomically(self, step: Callable[[Transaction], _T]) -> _T:
        """Do the step in one transaction, and anew where it collided with another."""
        for _ in range(_TRIES - 1):
            with suppress(Collision), self.transaction() as transaction:
                return step(transaction)
        with self.transaction() as transaction:
            return step(transaction)

    def execute(self, statement: str, **values: Any) -> int:
        """Write with one statement, a transaction of its own; gives the number of matched rows.

        Done anew where the server has cut the idle connection: it must be harmless to do twice.
        """

        def written(connection: Any) -> int:
            return int(self._driver.execute(connection, statement, clean(values)).rowcount)

        with self._translated():
            return self._on_live_connection(written)

    def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        """Read all rows of one statement with ``:name`` parameters."""
        with self._translated():
            return self._read(statement, clean(values))

    def row(self, statement: str, **values: Any) -> Row | None:
        """Read the first row, or None."""
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._driver.Error):  # the server may have closed it first
                connection.close()

    # --- the connection: opened at its first use, and anew where the server has gone meanwhile ---

    @cached_property
    def _driver(self) -> Any:
        return import_module(f"infra.sql.drivers.{self.kind}")

    def _open(self) -> Any:
        if self._connection is None:
            self._connection = self._driver.connect(self.address)
        return self._connection

    def _begun(self) -> Any:
        return self._on_live_connection(self._begin)

    def _begin(self, connection: Any) -> Any:
        self._driver.begin(connection)
        return connection

    def _read(self, statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
        def read(connection: Any) -> Sequence[Row]:
            with closing(self._driver.execute(connection, statement, values)) as cursor:
                return list(cursor.fetchall())

        return self._on_live_connection(read)

    def _on_live_connection(self, step: Callable[[Any], _T]) -> _T:
        """Do what is harmless to do twice: a server that restarted has cut an idle connection."""
        was_idle = self._connection is not None
        try:
            return step(self._open())
        except self._driver.Error:
            if not (was_idle and self._driver.is_gone(self._connection)):
                raise
            self.close()
            return step(self._open())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        driver = self._driver
        try:
            yield
        except driver.Error as error:
            if self._connection is not None and driver.is_gone(self._connection):
                self.close()
            known = driver.fault(self.address, error)
            if known is None:
                raise
            raise known from error
