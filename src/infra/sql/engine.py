"""Engines, transactions and the translation of database errors, for every kind of database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from domain.errors import CommitUnknown
from domain.operating.ports import Lease
from infra.sql.address import MARIADB, POSTGRESQL, SQLITE, address_of
from infra.sql.fence import fence_question, judge_fence

_BY_DRIVER = {"sqlite3": SQLITE, "psycopg": POSTGRESQL, "pymysql": MARIADB}
_BY_DIALECT = {"mysql": MARIADB}


def make_engine(url: str, *, read_only: bool = False) -> Engine:
    """An engine for the shop's database; it connects at the first use.

    A read-only engine cannot change the database at all; temporary tables still work.
    """
    address = address_of(url)
    made: Engine = dialect_of(address.kind).engine(address, read_only=read_only)
    return made


def dialect_of(kind: str) -> Any:
    """What differs between databases: one module each, loaded with its driver at first use."""
    return import_module(f"infra.sql.dialects.{kind}")


# --- transactions ----------------------------------------------------------------------------


@contextmanager
def reading(engine: Engine, *, snapshot: bool = False) -> Iterator[Connection]:
    """One look at the database; as ``snapshot`` all its statements see the same moment."""
    with translated(), engine.connect() as connection:
        if snapshot and kind_of(connection) != SQLITE:  # where every transaction is one
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
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
    if durable:
        dialect_of(kind_of(connection)).make_durable(connection)
    try:
        with connection.begin() as transaction:
            yield
            with _answered():
                transaction.commit()
    finally:
        connection.execution_options(sqlite_begin="DEFERRED")


@contextmanager
def _answered() -> Iterator[None]:
    """Before the commit a lost connection has written nothing; during it nobody knows."""
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise CommitUnknown(
            f"the connection was lost during the commit, which may or may not have been done:"
            f" {error.orig}; look before doing it again"
        ) from error


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
    question = text(fence_question(kind_of(connection), until_commit=until_commit))
    row = connection.execute(question, {"key": lease.key}).mappings().one_or_none()
    judge_fence(cast("Mapping[str, Any] | None", row), lease)


def kind_of(connection: Connection) -> str:
    """Name the database's kind as its address does."""
    return _BY_DIALECT.get(connection.dialect.name, connection.dialect.name)


# --- errors ----------------------------------------------------------------------------------


@contextmanager
def translated() -> Iterator[None]:
    """Turn what databases and drivers raise into the errors a run knows."""
    try:
        yield
    except Exception as error:
        raised = error.orig if isinstance(error, DBAPIError) else error
        kind = _BY_DRIVER.get(type(raised).__module__.partition(".")[0])
        known = kind and dialect_of(kind).known(raised)
        if not known:
            raise
        raise known from error
