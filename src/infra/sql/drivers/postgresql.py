"""PostgreSQL by psycopg 3, without prepared statements: a pooler may stand in between."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from domain.errors import JobError
from infra.sql.address import Address
from infra.sql.drivers import faults
from infra.sql.drivers.named import printf_style

CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
"""The ledger's statements take milliseconds; a server that needs longer is not there."""

Error = psycopg.Error

_BY_STATE: tuple[tuple[tuple[str, ...], faults.Word], ...] = (
    (("42P01", "42703"), faults.old_schema),  # no such table, no such column
    (("28000", "28P01", "3D000", "42501"), faults.refused),  # user, password, database, grant
    (("40001", "40P01", "55P03"), faults.collision),  # serialization, deadlock, lock wait
)

# A refused connection carries no code; a server that speaks another language counts as away.
_REFUSALS = re.compile(
    r'(database|role) ".*" does not exist|password authentication failed|no pg_hba\.conf entry'
    r"|no password supplied|invalid connection option"
)

Connection = psycopg.Connection[dict[str, Any]]


def connect(address: Address) -> Connection:
    return psycopg.connect(
        **_parameters(address),
        autocommit=True,
        row_factory=dict_row,
        cursor_factory=psycopg.ClientCursor,  # a value without a type is a text, as elsewhere
    )


def _parameters(address: Address) -> dict[str, Any]:
    limit = ANSWER_SECONDS * 1000
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user or None,
        "password": address.password or None,
        "dbname": address.database,
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": limit,
        "keepalives_idle": ANSWER_SECONDS,
        "application_name": "crontract",
        "options": f"-c statement_timeout={limit} -c idle_in_transaction_session_timeout={limit}",
        **address.options,
    }


def begin(connection: Connection) -> None:
    connection.execute("BEGIN")


def execute(connection: Connection, statement: str, values: Mapping[str, Any]) -> Any:
    return connection.execute(printf_style(statement), values)


def insert_new(connection: Connection, statement: str, values: Mapping[str, Any]) -> bool:
    return bool(execute(connection, f"{statement} ON CONFLICT DO NOTHING", values).rowcount == 1)


def is_gone(connection: Connection) -> bool:
    """Tell whether the connection is of no use any more."""
    return connection.closed or connection.broken


def fault(address: Address, error: Exception) -> JobError | None:
    """Give the run's word for an error; None for a defect of ours."""
    state = getattr(error, "sqlstate", None) or ""
    text = str(error).strip().partition("\n")[0]
    for states, word in _BY_STATE:
        if state in states:
            return word(address, text)
    if _REFUSALS.search(text):
        return faults.refused(address, text)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return faults.unavailable(address, text)
    return None
