"""The supervisor's own connection: plain DB-API, so that no ORM is loaded before the lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid, JobError, StoreUnavailable

BUSY_SECONDS = 30.0
"""How long a statement waits for another writer of the SQLite file."""

SQLITE_SCHEMES = ("sqlite:///", "sqlite+pysqlite:///")

_OLD_SCHEMA = ("no such table", "no such column", "has no column named")

Row = Mapping[str, Any]


def sqlite_path(url: str) -> Path:
    """Give the file behind an SQLite address; ConfigurationInvalid for any other database."""
    for scheme in SQLITE_SCHEMES:
        if url.startswith(scheme):
            return Path(url.removeprefix(scheme))
    scheme = url.partition(":")[0]
    raise ConfigurationInvalid(f"database.url {scheme}: only sqlite:/// is supported")


class Database:
    """One lazily opened connection; each ``transaction`` commits or rolls back as a whole."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction that holds the write lock from its start."""
        with self._translated():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()  # may fail too, and must not leave the transaction open
            except BaseException:
                connection.rollback()
                raise

    def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        """Read all rows of one statement with ``:name`` parameters."""
        with self._translated(), closing(self._open().execute(statement, values)) as cursor:
            return cursor.fetchall()

    def row(self, statement: str, **values: Any) -> Row | None:
        """Read the first row, or None."""
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            path = sqlite_path(self._url)
            if not path.exists():
                raise ConfigurationInvalid(f"no database at {path}; run bin/console db:migrate")
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            # A verdict must survive the process, not the power: WAL with NORMAL gives just that.
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a defect of ours, no outage
        except sqlite3.Error as error:
            raise _translation(self._url, error) from error


def _translation(url: str, error: sqlite3.Error) -> JobError:
    text = str(error)
    if any(fault in text for fault in _OLD_SCHEMA):
        return ConfigurationInvalid(
            f"the database's schema is not current ({text}); run bin/console db:migrate"
        )
    return StoreUnavailable(f"database {sqlite_path(url)}: {text}")
