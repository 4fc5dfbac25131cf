"""SQLite by the standard library: one file, one writer at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import JobError, SchemaOutdated
from infra.sql.address import Address
from infra.sql.drivers import faults
from infra.sql.drivers.texts import text_of

BUSY_SECONDS = 30.0
"""How long a statement waits for another writer of the file."""

MAY_WRITE = "may this user write the file and its folder?"

_OLD_SCHEMA = ("no such table", "no such column", "has no column named")

Error = sqlite3.Error


def connect(address: Address, _answer_seconds: int = 0) -> sqlite3.Connection:
    """Open the file, which db:migrate has made. Raises SchemaOutdated where it is missing."""
    check_made(address)
    connection = sqlite3.connect(address.path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory, connection.text_factory = sqlite3.Row, text_of
    # A verdict must survive the process, not the power: WAL with NORMAL gives just that.
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def check_made(address: Address) -> None:
    """Raise SchemaOutdated where there is no file yet: waiting for it would not help."""
    if not address.path.exists():
        raise SchemaOutdated(f"no database at {address.path}; run bin/console db:migrate")


def begin(connection: sqlite3.Connection) -> None:
    """Take the write lock at once: a transaction that asks for it half-way may be refused."""
    connection.execute("BEGIN IMMEDIATE")


def execute(
    connection: sqlite3.Connection, statement: str, values: Mapping[str, Any]
) -> sqlite3.Cursor:
    return connection.execute(statement, values)


def execute_often(connection: sqlite3.Connection, statement: str, values: Mapping[str, int]) -> int:
    """Execute a statement whose values are all numbers, and give the number of matched rows."""
    return connection.execute(statement, values).rowcount


def insert_new(connection: sqlite3.Connection, statement: str, values: Mapping[str, Any]) -> bool:
    return execute(connection, f"{statement} ON CONFLICT DO NOTHING", values).rowcount == 1


def insert_rows(
    connection: sqlite3.Connection, statement: str, values: Mapping[str, Any], returning: str
) -> Sequence[Mapping[str, Any]]:
    """Insert several rows and read them; those whose keys are there are left out."""
    statement = f"{statement} ON CONFLICT DO NOTHING RETURNING {returning}"
    rows: Sequence[Mapping[str, Any]] = execute(connection, statement, values).fetchall()
    return rows


def is_gone(_connection: sqlite3.Connection) -> bool:
    """Tell whether the connection is of no use any more."""
    return False


def fault(address: Address, error: Exception) -> JobError | None:
    """Give the run's word for an error; None for a defect of ours."""
    text = str(error)
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return faults.taken(address, text) if text.startswith("UNIQUE constraint") else None
    if any(words in text for words in _OLD_SCHEMA):
        return faults.old_schema(address, text)
    if "readonly database" in text:
        return faults.refused(address, f"{text}: {MAY_WRITE}")
    return faults.unavailable(address, text)
