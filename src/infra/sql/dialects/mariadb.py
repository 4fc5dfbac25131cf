"""MariaDB's engine: PyMySQL; row counts mean matched rows, texts compare byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.constants import ER
from sqlalchemy import Connection, Engine, create_engine, text

from domain.errors import JobError
from infra.sql.address import Address
from infra.sql.dialects import words
from infra.sql.drivers.mariadb import parameters

MIGRATION_WAIT_SECONDS = 600

# The shared statements are in standard SQL: "name" is a column, || joins texts.
_SET_UP = (
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
    " SESSION tx_isolation = 'READ-COMMITTED', SESSION tx_read_only = {read_only}"
)

# By number where the driver has no name for it.
_SERVER_READ_ONLY, _TRANSACTION_READ_ONLY, _READ_ONLY_MODE = 1290, 1792, 1836
_TABLE_EXISTS, _COLUMN_EXISTS, _KEY_EXISTS = 1050, 1060, 1061

_BY_CODE: tuple[tuple[tuple[int, ...], words.Word], ...] = (
    ((ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR), words.old_schema),
    ((ER.BAD_DB_ERROR,), words.missing),
    (
        (
            ER.ACCESS_DENIED_ERROR,
            ER.DBACCESS_DENIED_ERROR,
            ER.TABLEACCESS_DENIED_ERROR,
            ER.COLUMNACCESS_DENIED_ERROR,
        ),
        words.refused,
    ),
    ((ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT), words.collision),
    ((_SERVER_READ_ONLY, _TRANSACTION_READ_ONLY, _READ_ONLY_MODE), words.read_only),
    ((ER.DISK_FULL, ER.RECORD_FILE_FULL), words.full),
    ((_TABLE_EXISTS, _COLUMN_EXISTS, _KEY_EXISTS), words.half_migrated),
)


def engine(address: Address, *, read_only: bool) -> Engine:
    """A read-only engine's transactions may change nothing but temporary tables."""
    told = _parameters(address, read_only=read_only)
    return create_engine("mariadb+pymysql://", connect_args=told, pool_pre_ping=True)


def _parameters(address: Address, *, read_only: bool) -> dict[str, Any]:
    """Like the ledger's, but a job's statement may take as long as its contract allows."""
    ledgers = parameters(address)
    del ledgers["read_timeout"], ledgers["write_timeout"]
    return {
        **ledgers,
        "autocommit": False,
        "local_infile": True,
        "init_command": _SET_UP.format(read_only=int(read_only)),
    }


def make_durable(_connection: Connection) -> None:
    """Every commit is, unless the server's innodb_flush_log_at_trx_commit says otherwise."""


@contextmanager
def migrating(made: Engine) -> Iterator[Connection]:
    """A lock by name: each statement commits by itself, and no transaction keeps two apart."""
    with made.connect() as connection:
        name = f"crontract-migrate-{connection.execute(text('SELECT database()')).scalar_one()}"
        values = {"name": name[:64], "seconds": MIGRATION_WAIT_SECONDS}
        if connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), values).scalar() != 1:
            raise words.unavailable("another db:migrate has been running for ten minutes")
        connection.commit()
        try:
            yield connection
            connection.commit()
        finally:
            connection.invalidate()  # the lock ends with its connection, whatever became of it


def known(error: Exception) -> JobError | None:
    """The run's word for a driver's error; None for a defect of ours."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[-1] if error.args else error)
    for codes, word in _BY_CODE:
        if code in codes:
            return word(said)
    if isinstance(error, pymysql.err.OperationalError | pymysql.err.InterfaceError):
        return words.unavailable(said)
    return None
