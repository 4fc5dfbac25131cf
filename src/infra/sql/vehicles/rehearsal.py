"""Temporary tables that stand before the real ones of the same names, for one connection."""

from __future__ import annotations

from sqlalchemy import Connection, Table

from infra.sql.address import MARIADB, POSTGRESQL, SQLITE
from infra.sql.engine import kind_of
from infra.sql.vehicle_tables import (
    DRIVERIGHT_DIFFERENCE,
    DRIVERIGHT_PULLED,
    DRIVERIGHT_QUARANTINE,
    DRIVERIGHT_RUN,
    DRIVERIGHT_SNAPSHOT,
    VEHICLE_FITMENT_STAGED,
    VEHICLE_STAGED,
)

_OF_STAGES = (DRIVERIGHT_RUN, DRIVERIGHT_DIFFERENCE)
_OF_PULLS = (
    *(VEHICLE_STAGED, VEHICLE_FITMENT_STAGED, DRIVERIGHT_SNAPSHOT),
    *(DRIVERIGHT_PULLED, DRIVERIGHT_QUARANTINE),
)

_COPY = {
    SQLITE: ("CREATE TEMPORARY TABLE {name} AS SELECT * FROM main.{name} LIMIT 0",),
    POSTGRESQL: ("CREATE TEMPORARY TABLE {name} (LIKE {name} INCLUDING ALL)",),
    # A table cannot be LIKE itself by the same name; through another one it can.
    MARIADB: (
        "CREATE TEMPORARY TABLE rehearsed LIKE {name}",
        "ALTER TABLE rehearsed RENAME TO {name}",
    ),
}


def shadow(connection: Connection, *, pulls: bool) -> None:
    """Put empty tables before those that a dry run would write; the real ones are not touched."""
    kind = kind_of(connection)
    with connection.begin():
        if kind != SQLITE:
            # The connection refuses every write; this exception is for our own tables.
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        for table in (*_OF_STAGES, *(_OF_PULLS if pulls else ())):
            for statement in _COPY[kind]:
                connection.exec_driver_sql(statement.format(name=table.name))
            if kind == SQLITE:
                _index(connection, table)


def _index(connection: Connection, table: Table) -> None:
    key = ", ".join(column.name for column in table.primary_key)
    connection.exec_driver_sql(
        f"CREATE UNIQUE INDEX temp.rehearsed_{table.name} ON {table.name} ({key})"
    )
