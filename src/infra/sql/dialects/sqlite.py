"""SQLite's engine: readers never wait for a writer (WAL), and a writer waits 30 s for its turn.

``synchronous=NORMAL``: a power cut may cost the last commits but never breaks the file; what must
outlive a power cut asks for ``durable``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from domain.errors import JobError
from infra.sql.address import Address
from infra.sql.dialects import words
from infra.sql.drivers.sqlite import MAY_WRITE, check_made

BUSY_TIMEOUT_MS = 30_000

_BY_CODE: tuple[tuple[tuple[str, ...], words.Word], ...] = (
    # A write that failed for a quota or a file size limit is reported as an I/O error.
    (("SQLITE_FULL", "SQLITE_IOERR_WRITE"), words.full),
    (("SQLITE_READONLY",), words.read_only),
    (("SQLITE_CANTOPEN",), lambda text: words.unavailable(f"{text}: {MAY_WRITE}")),
    (("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_PROTOCOL"), words.unavailable),
)


def engine(address: Address, *, read_only: bool) -> Engine:
    """A read-only engine opens the file by a URI that refuses every write."""
    path = str(address.path)
    url = URL.create("sqlite", database=path)
    if read_only:
        url = URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    made = create_engine(url)
    if read_only:  # the other one makes the file, for db:migrate
        event.listen(made, "do_connect", lambda *_: check_made(address))
    event.listen(made, "connect", _set_up_reading if read_only else _set_up_writing)
    event.listen(made, "begin", _begin)
    return made


def _set_up_reading(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _set_up_writing(connection: sqlite3.Connection, record: object) -> None:
    _set_up_reading(connection, record)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")


def make_durable(connection: Connection) -> None:
    # The driver's own cursor: SQLAlchemy would open the transaction first.
    connection.connection.cursor().execute("PRAGMA synchronous=FULL")


@contextmanager
def migrating(made: Engine) -> Iterator[Connection]:
    """One transaction for all migrations; a second one waits for the file's write lock."""
    with made.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            yield connection


def known(error: Exception) -> JobError | None:
    """The run's word for a driver's error; None for a defect of ours."""
    # A cursor that was used after close() carries no code.
    code = str(getattr(error, "sqlite_errorname", ""))
    if "no such table" in str(error):
        return words.old_schema(str(error))
    word = next((word for codes, word in _BY_CODE if code.startswith(codes)), None)
    return word(f"{error} ({code})") if word else None
