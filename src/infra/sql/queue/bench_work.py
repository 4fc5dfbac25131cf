"""What a handler writes with: its transaction begins at the first statement, savepoints too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from infra.sql.address import MARIADB
from infra.sql.connection import Row, Transaction
from infra.sql.queue.bench_session import BenchSession

_NAME = "one_message"


class BenchWork:
    """The open transaction as handler and producer see it.

    After an error nothing more can be written, whatever the handler makes of it: PostgreSQL has
    given the transaction up, MariaDB may have rolled it back. Only ``undo`` and ``rollback`` help.
    """

    def __init__(self, session: BenchSession) -> None:
        self._session = session
        self._spoiled: BaseException | None = None
        self._wanted = self._set = False

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        with self._writing() as transaction:
            return transaction.execute(statement, values)

    def insert_rows(self, statement: str, values: Mapping[str, Any], back: str) -> Sequence[Row]:
        with self._writing() as transaction:
            return transaction.insert_rows(statement, values, back)

    def fetch(self, statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
        with self._writing() as transaction:
            rows: Sequence[Row] = transaction.execute(statement, values).fetchall()
            return rows

    def savepoint(self) -> None:
        """Let the next statement begin a part that can be undone by itself."""
        self.check()
        self._wanted = True

    def undo(self) -> None:
        """Roll back to the last savepoint, or to the beginning where there is none."""
        if self._wanted and self._spoiled is None:
            return  # nothing was written since
        self._wanted = False
        if not (self._set and self._session.is_open):
            self.rollback()
            return
        self._spoiled = None
        with self._session.translated():
            self._session.transaction().execute(f"ROLLBACK TO SAVEPOINT {_NAME}")

    def rollback(self) -> None:
        self.forget()
        self._session.rollback()

    def forget(self) -> None:
        """Begin anew: the transaction has ended."""
        self._spoiled = None
        self._wanted = self._set = False

    def check(self) -> None:
        """Raise the error after which nothing can be written any more."""
        if self._spoiled is not None:
            raise self._spoiled

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        self.check()
        try:
            with self._session.understood():
                yield self._begun()
        except BaseException as error:
            self._spoiled = error
            raise

    def _begun(self) -> Transaction:
        self._set = self._set and self._session.is_open
        transaction = self._session.transaction()
        if self._wanted:
            self._wanted = False
            if self._set and self._session.kind != MARIADB:  # there it replaces one of its name
                transaction.execute(f"RELEASE SAVEPOINT {_NAME}")
            transaction.execute(f"SAVEPOINT {_NAME}")
            self._set = True
        return transaction


class BenchStatements:
    """The Statements port for handlers."""

    def __init__(self, work: BenchWork) -> None:
        self._work = work

    def execute(self, statement: str, **values: Any) -> int:
        return int(self._work.execute(statement, values).rowcount)

    def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        return self._work.fetch(statement, values)

    def row(self, statement: str, **values: Any) -> Row | None:
        rows = self._work.fetch(statement, values)
        return rows[0] if rows else None
