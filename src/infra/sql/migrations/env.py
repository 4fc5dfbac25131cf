"""Runs the migrations on the connection that ``infra.sql.migrate`` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, String, Table, event

BYTES_IN_ORDER = {"postgresql": "C", "mysql": "utf8mb4_nopad_bin", "mariadb": "utf8mb4_nopad_bin"}
"""Texts compare byte by byte, as on SQLite: "a" is not "A", and a blank at the end counts."""


def _collate(table: Table, connection: Connection, **_: Any) -> None:
    """Give every text column of a table about to be created the collation of its database."""
    collation = BYTES_IN_ORDER.get(connection.dialect.name)
    for column in table.columns:
        if collation and isinstance(column.type, String):
            column.type = column.type.copy()
            column.type.collation = collation
    if connection.dialect.name in ("mysql", "mariadb"):
        # What a later migration adds to the table comes out the same.
        options = {"engine": "InnoDB", "charset": "utf8mb4", "collate": collation}
        table.dialect_kwargs.update({f"mariadb_{name}": to for name, to in options.items()})


connection = context.config.attributes["connection"]
# SQLite changes a table by copying it: the batch mode of a migration does that. MariaDB commits
# each statement by itself: every migration there leaves its own mark.
context.configure(connection=connection, render_as_batch=True, transaction_per_migration=True)
event.listen(Table, "before_create", _collate)
try:
    with context.begin_transaction():
        context.run_migrations()
finally:
    event.remove(Table, "before_create", _collate)
