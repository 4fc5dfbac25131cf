"""Temporary tables that stand before the real ones of the same names, for one connection."""

from __future__ import annotations

from collections.abc import Iterator

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


def shadow(connection: Connection, *, pulls: bool) -> None:
    """Put empty tables before those that a dry run would write; the real ones are not touched."""
    with connection.begin():
        if kind_of(connection) != SQLITE:
            # The connection refuses every write; this exception is for our own tables.
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        for table in (*_OF_STAGES, *(_OF_PULLS if pulls else ())):
            for statement in _copy(connection, table):
                connection.exec_driver_sql(statement)


def _copy(connection: Connection, table: Table) -> Iterator[str]:
    name, kind = table.name, kind_of(connection)
    if kind == POSTGRESQL:
        yield f"CREATE TEMPORARY TABLE {name} (LIKE {name} INCLUDING ALL)"
    elif kind == MARIADB:  # a table is not LIKE another one of its own name
        real = connection.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()[1]
        yield str(real).replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)
    else:
        key = ", ".join(column.name for column in table.primary_key)
        yield f"CREATE TEMPORARY TABLE {name} AS SELECT * FROM main.{name} LIMIT 0"  # noqa: S608 - the names are our own
        yield f"CREATE UNIQUE INDEX temp.rehearsed_{name} ON {name} ({key})"
