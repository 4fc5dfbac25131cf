"""Engines, transactions and the translation of database errors.

SQLite is set up so that readers never wait for a writer (WAL), a writer waits up to 30 s for its
turn, and foreign keys hold. ``synchronous=NORMAL``: a power cut may cost the last commits but
never breaks the file; what must outlive a power cut asks for ``durable``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from domain.errors import ConfigurationInvalid, DiskFull, JobError, LockLost, StoreUnavailable
from domain.operating.ports import Lease
from infra.sql.address import MARIADB, SQLITE
from infra.sql.database_clock import NOW

BUSY_TIMEOUT_MS = 30_000

_FENCE = """
    SELECT fence, run_id, lease_until IS NOT NULL AND lease_until <= {now} AS expired
    FROM cron_lock WHERE lock_key = :key {lock}
"""

# A write that failed for a quota or a file size limit is reported as an I/O error.
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}
_UNAVAILABLE = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR",
    "SQLITE_PROTOCOL",
)


def make_engine(url: str, *, read_only: bool = False) -> Engine:
    """An engine for the shop's database; it connects at the first use.

    A read-only engine cannot change the database at all; temporary tables still work.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(_read_only(parsed) if read_only else parsed)
    event.listen(engine, "connect", _set_up_reading if read_only else _set_up_writing)
    event.listen(engine, "begin", _begin)
    return engine


def _read_only(url: URL) -> URL:
    """The same file by a URI that refuses every write."""
    return url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})


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


# --- transactions ----------------------------------------------------------------------------


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look at the database."""
    with translated(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; on SQLite it waits for its turn at the start, not half-way."""
    with translated(), engine.connect() as connection, immediate(connection):
        yield connection


@contextmanager
def fenced_transaction(engine: Engine, leases: Sequence[Lease]) -> Iterator[Connection]:
    """One transaction that writes only while every lease still holds; else LockLost, nothing written."""  # noqa: E501
    with translated(), engine.connect() as connection, fenced(connection, leases):
        yield connection


@contextmanager
def immediate(connection: Connection, *, durable: bool = False) -> Iterator[None]:
    """A writing transaction on a connection that is kept; ``durable`` outlives a power cut."""
    connection.execution_options(sqlite_begin="IMMEDIATE")
    if durable and connection.dialect.name == "sqlite":
        # The driver's own cursor: SQLAlchemy would open the transaction first.
        connection.connection.cursor().execute("PRAGMA synchronous=FULL")
    try:
        with connection.begin():
            yield
    finally:
        connection.execution_options(sqlite_begin="DEFERRED")


@contextmanager
def fenced(
    connection: Connection, leases: Sequence[Lease], *, durable: bool = False
) -> Iterator[None]:
    """A writing transaction on a kept connection that checks the leases, first and last.

    First, so that a run without its locks writes nothing. Last, with the rows locked, so that
    nobody takes a lock over before the commit; locked from the start they would keep the
    supervisor from renewing for as long as the transaction takes.
    """
    with immediate(connection, durable=durable):
        for lease in leases:
            check_fence(connection, lease)
        yield
        for lease in leases:
            check_fence(connection, lease, until_commit=True)


def check_fence(connection: Connection, lease: Lease, *, until_commit: bool = False) -> None:
    """LockLost unless the lease still holds by the database's clock; may lock it to the commit."""
    kind = MARIADB if connection.dialect.name == "mysql" else connection.dialect.name
    lock = "FOR UPDATE" if until_commit and kind != SQLITE else ""
    question = text(_FENCE.format(now=NOW[kind], lock=lock))
    found = connection.execute(question, {"key": lease.key}).one_or_none()
    if found is None or (found.fence, found.run_id) != (lease.fence, lease.run_id):
        held_by = f"run {found.run_id} with fence {found.fence}" if found else "nobody"
        raise LockLost(
            f"lock {lease.key} was held with fence {lease.fence}, is now held by {held_by}; "
            "nothing was written"
        )
    if found.expired:
        raise LockLost(f"lock {lease.key} was not renewed in time; nothing was written")


# --- errors ----------------------------------------------------------------------------------


@contextmanager
def translated() -> Iterator[None]:
    """Turn what databases and drivers raise into the errors a run knows."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        known = _known(getattr(error, "orig", error))
        if known is None:
            raise
        raise known from error


def _known(error: object) -> JobError | None:
    """The run's word for a driver's error; None for a defect of ours."""
    # A cursor that was used after close() carries no code.
    code = str(getattr(error, "sqlite_errorname", ""))
    if code in _FULL:
        return DiskFull(f"no room left for the database ({error}); nothing was written: free space")
    if code.startswith(_UNAVAILABLE):
        return StoreUnavailable(f"the database is not available: {error} ({code})")
    if "no such table" in str(error):
        return ConfigurationInvalid(f"{error}: run bin/console db:migrate")
    return None
