"""MariaDB by PyMySQL: matched rows are counted, and texts compare byte by byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CLIENT, ER
from pymysql.cursors import DictCursor

from domain.errors import ConfigurationInvalid, JobError
from infra.sql.address import Address
from infra.sql.drivers import faults
from infra.sql.drivers.named import printf_style

CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
"""The ledger's statements take milliseconds; a server that needs longer is not there."""

Error = pymysql.err.Error

# By number where the driver has no name for it.
_SERVER_READ_ONLY, _TRANSACTION_READ_ONLY, _READ_ONLY_MODE = 1290, 1792, 1836

_BY_CODE: tuple[tuple[tuple[int, ...], faults.Word], ...] = (
    ((ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR), faults.old_schema),
    (
        (
            ER.ACCESS_DENIED_ERROR,
            ER.DBACCESS_DENIED_ERROR,
            ER.TABLEACCESS_DENIED_ERROR,
            ER.COLUMNACCESS_DENIED_ERROR,
            ER.BAD_DB_ERROR,
        ),
        faults.refused,
    ),
    ((ER.DUP_ENTRY,), faults.taken),
    ((ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT), faults.collision),
    ((_SERVER_READ_ONLY, _TRANSACTION_READ_ONLY, _READ_ONLY_MODE), faults.read_only),
)

_TLS_OPTIONS = ("ssl_ca", "ssl_cert", "ssl_key")


def connect(address: Address, answer_seconds: int = 0) -> Any:
    """Open a session whose statements may take so long, or as long as the ledger's."""
    options = parameters(address)
    if answer_seconds:
        options |= {"read_timeout": answer_seconds, "write_timeout": answer_seconds}
    connection = pymysql.connect(**options, cursorclass=DictCursor)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'")
    return connection


def parameters(address: Address) -> dict[str, Any]:
    """What the driver is told. Raises ConfigurationInvalid for an option it does not know."""
    options = dict(address.options)
    socket = options.pop("unix_socket", None)
    tls = {name: options.pop(name) for name in _TLS_OPTIONS if name in options}
    if options:
        names = ", ".join(options)
        raise ConfigurationInvalid(f"database.url has unknown options: {names}")
    for name, path in tls.items():
        if not Path(path).is_file():
            raise ConfigurationInvalid(f"database.url {name}: there is no file {path}")
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user or None,
        "password": address.password.encode(),  # as text, the driver takes it for Latin-1
        "database": address.database,
        "charset": "utf8mb4",
        "client_flag": CLIENT.FOUND_ROWS,
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "write_timeout": ANSWER_SECONDS,
        **({"unix_socket": socket} if socket else {}),
        **({**tls, "ssl_verify_identity": True} if tls else {}),
    }


def begin(connection: Any) -> None:
    connection.begin()


def execute(connection: Any, statement: str, values: Mapping[str, Any]) -> Any:
    cursor = connection.cursor()
    cursor.execute(printf_style(statement), values)
    return cursor


def execute_often(connection: Any, statement: str, values: Mapping[str, int]) -> int:
    """Execute a statement whose values are all numbers, and give the number of matched rows.

    Without a cursor, which takes as long as the server does for its part.
    """
    affected: int = connection.query(printf_style(statement) % {**values})
    return affected


def insert_new(connection: Any, statement: str, values: Mapping[str, Any]) -> bool:
    """Insert; IGNORE would pass over more than a key that is there."""
    try:
        execute(connection, statement, values)
    except pymysql.err.IntegrityError as error:
        if error.args[0] != ER.DUP_ENTRY:
            raise
        return False
    return True


def insert_rows(
    connection: Any, statement: str, values: Mapping[str, Any], returning: str
) -> Sequence[Mapping[str, Any]]:
    """Insert several rows and read them; none where one of their keys is there."""
    try:
        cursor = execute(connection, f"{statement} RETURNING {returning}", values)
    except pymysql.err.IntegrityError as error:
        if error.args[0] != ER.DUP_ENTRY:
            raise
        return []
    rows: Sequence[Mapping[str, Any]] = cursor.fetchall()
    return rows


def is_gone(connection: Any) -> bool:
    """Tell whether the connection is of no use any more."""
    return not connection.open


def fault(address: Address, error: Exception) -> JobError | None:
    """Give the run's word for an error; None for a defect of ours."""
    code, text = _code(error), str(error.args[-1] if error.args else error)
    for codes, word in _BY_CODE:
        if code in codes:
            return word(address, text)
    if isinstance(error, pymysql.err.OperationalError | pymysql.err.InterfaceError):
        return faults.unavailable(address, text)
    return None


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
