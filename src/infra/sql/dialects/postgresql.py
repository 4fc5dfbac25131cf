"""PostgreSQL's engine: psycopg 3, without prepared statements: a pooler may stand in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text

from domain.errors import JobError
from infra.sql.address import Address
from infra.sql.dialects import words
from infra.sql.drivers.postgresql import check_encoding

CONNECT_SECONDS = 5
_KEEPALIVE_SECONDS = 10
_MIGRATION_LOCK = 0x63726F6E
"""Of our own among the database's advisory locks: "cron" in ASCII."""

_BY_STATE: tuple[tuple[tuple[str, ...], words.Word], ...] = (
    (("42P01", "42703"), words.old_schema),  # no such table, no such column
    (("42P07", "42701"), words.half_migrated),  # table or column is there already
    (("3D000",), words.missing),
    (("28", "42501"), words.refused),  # user and password, grants
    (("40001", "40P01", "55P03"), words.collision),  # serialization, deadlock, lock wait
    (("25006",), words.read_only),
    (("53100",), words.full),
    (("08", "53", "57P"), words.unavailable),  # connection, too many of them, shutting down
)

# A refused connection carries no code: the server's own words are all there is.
_AT_THE_DOOR: tuple[tuple[re.Pattern[str], words.Word], ...] = (
    (re.compile('database ".*" does not exist'), words.missing),
    (re.compile('role ".*" does not exist|authentication failed|pg_hba|password'), words.refused),
    (re.compile(""), words.unavailable),
)


def engine(address: Address, *, read_only: bool) -> Engine:
    """A read-only engine's transactions may change nothing but temporary tables."""
    told = _parameters(address, read_only=read_only)
    return create_engine("postgresql+psycopg://", connect_args=told, pool_pre_ping=True)


def _parameters(address: Address, *, read_only: bool) -> dict[str, Any]:
    # Compiling a plan costs more than it gains in statements that run once.
    settings = "-c jit=off -c default_transaction_isolation=read\\ committed"
    if read_only:
        settings += " -c default_transaction_read_only=on"
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user or None,
        "password": address.password or None,
        "dbname": address.database,
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": _KEEPALIVE_SECONDS,
        "application_name": "crontract",
        "client_encoding": "utf8",
        "prepare_threshold": None,
        **address.options,
        "options": f"{settings} {address.options.get('options', '')}",
    }


def make_durable(_connection: Connection) -> None:
    """Every commit is."""


@contextmanager
def migrating(made: Engine) -> Iterator[Connection]:
    """One transaction for all migrations; a second one waits, then finds nothing to do."""
    with made.begin() as connection:
        check_encoding(connection.connection.dbapi_connection)  # type: ignore[arg-type]
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        yield connection


def known(error: Exception) -> JobError | None:
    """The run's word for a driver's error; None for a defect of ours."""
    state, said = getattr(error, "sqlstate", None) or "", str(error).strip().partition("\n")[0]
    for states, word in _BY_STATE:
        if state.startswith(states):
            return word(said)
    if "invalid connection option" in said:
        return words.refused(said)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return next(word for sign, word in _AT_THE_DOOR if sign.search(said))(said)
    return None
