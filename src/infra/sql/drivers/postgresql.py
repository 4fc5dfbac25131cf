"""PostgreSQL by psycopg 3, without prepared statements: a pooler may stand in between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from select import select
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.rows import dict_row

from domain.errors import ConfigurationInvalid, JobError
from infra.sql.address import Address
from infra.sql.drivers import faults
from infra.sql.drivers.named import numbered, printf_style

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

_T = TypeVar("_T")

CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
"""The ledger's statements take milliseconds; a server that needs longer is not there."""

SILENT_SECONDS = ANSWER_SECONDS + 1
"""The server's own word comes first where it has one."""

Error = psycopg.Error

_BY_STATE: tuple[tuple[tuple[str, ...], faults.Word], ...] = (
    (("42P01", "42703"), faults.old_schema),  # no such table, no such column
    (("28000", "28P01", "3D000", "42501"), faults.refused),  # user, password, database, grant
    (("40001", "40P01", "55P03"), faults.collision),  # serialization, deadlock, lock wait
    (("23505",), faults.taken),
    (("25006",), faults.read_only),
    (("25P03",), faults.unavailable),  # idle in a transaction: this process was frozen meanwhile
)

# A refused connection carries no code; a server that speaks another language counts as away.
_REFUSALS = re.compile(
    r'(database|role) ".*" does not exist|password authentication failed|no pg_hba\.conf entry'
    r"|no password supplied|invalid connection option"
)

_SETTINGS = (
    "-c statement_timeout={seconds}s -c idle_in_transaction_session_timeout={seconds}s"
    " -c default_transaction_isolation=read\\ committed"
)
"""Whatever a role or a database has by default."""


class Connection(psycopg.Connection[dict[str, Any]]):
    """Gives up a server that is silent: one that is frozen keeps no time limit of its own."""

    patience: float = 0.0  # more than usual, where statements may take longer

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.prepared: dict[str, bytes] = {}

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        patience = timeout or self.patience or SILENT_SECONDS
        try:
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()  # the answer may come yet, when another question has been asked
            raise psycopg.OperationalError(f"no answer within {patience:.0f} s") from error


def connect(address: Address, answer_seconds: int = 0) -> Connection:
    """Open a session whose statements may take so long, or as long as the ledger's."""
    connection = Connection.connect(
        **_parameters(address, answer_seconds or ANSWER_SECONDS),
        autocommit=True,
        row_factory=dict_row,
        cursor_factory=psycopg.ClientCursor,  # a value without a type is a text, as elsewhere
    )
    if answer_seconds:
        connection.patience = answer_seconds + 1
    try:
        check_encoding(connection)
    except ConfigurationInvalid:
        connection.close()
        raise
    return connection


def check_encoding(connection: psycopg.Connection[Any]) -> None:
    """Raise ConfigurationInvalid for a database that cannot keep every text."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in (None, "UTF8"):
        raise ConfigurationInvalid(
            f"database {connection.info.dbname} has the encoding {encoding}: create it anew"
            " with ENCODING 'UTF8' TEMPLATE template0"
        )


def _parameters(address: Address, seconds: int) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user or None,
        "password": address.password or None,
        "dbname": address.database,
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": ANSWER_SECONDS * 1000,
        "keepalives_idle": ANSWER_SECONDS,
        "application_name": "crontract",
        "client_encoding": "utf8",  # the job's environment may ask for another
        **address.options,
        "options": f"{_SETTINGS.format(seconds=seconds)} {address.options.get('options', '')}",
    }


def begin(connection: Connection) -> None:
    connection.execute("BEGIN")


def execute(connection: Connection, statement: str, values: Mapping[str, Any]) -> Any:
    return connection.execute(printf_style(statement), values)


def execute_often(connection: Connection, statement: str, values: Mapping[str, int]) -> int:
    """Execute what the server keeps parsed and planned, and give the number of matched rows.

    Below the driver's cursors: they take longer than the server does for its part.
    """
    text, names = numbered(statement)
    prepared = connection.prepared.get(text)
    if prepared is None:
        prepared = connection.prepared[text] = f"often_{len(connection.prepared)}".encode()
        connection.pgconn.send_prepare(prepared, text.encode())
        _answer(connection)
    connection.pgconn.send_query_prepared(prepared, [b"%d" % values[name] for name in names])
    return _answer(connection).command_tuples or 0


def _answer(connection: Connection) -> PGresult:
    """Wait for the one result of what was sent; a server that is silent is given up."""
    pgconn = connection.pgconn
    patience = connection.patience or SILENT_SECONDS
    while pgconn.flush() or pgconn.is_busy():
        if not select([pgconn.socket], [], [], patience)[0]:
            connection.close()  # the answer may come yet, when another question has been asked
            raise psycopg.OperationalError(f"no answer within {patience:.0f} s")
        pgconn.consume_input()
    result = pgconn.get_result()
    while pgconn.get_result() is not None:
        """The end of the answer must be read, or nothing more can be asked."""
    if result is None or result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise _error_of(pgconn, result)
    return result


def _error_of(pgconn: PGconn, result: PGresult | None) -> psycopg.Error:
    if result is None or pgconn.status != ConnStatus.OK:
        return psycopg.OperationalError(pgconn.get_error_message())
    return psycopg.errors.error_from_result(result)


def insert_new(connection: Connection, statement: str, values: Mapping[str, Any]) -> bool:
    return bool(execute(connection, f"{statement} ON CONFLICT DO NOTHING", values).rowcount == 1)


def insert_rows(
    connection: Connection, statement: str, values: Mapping[str, Any], returning: str
) -> Sequence[Mapping[str, Any]]:
    """Insert several rows and read them; those whose keys are there are left out."""
    statement = f"{statement} ON CONFLICT DO NOTHING RETURNING {returning}"
    rows: Sequence[Mapping[str, Any]] = execute(connection, statement, values).fetchall()
    return rows


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
