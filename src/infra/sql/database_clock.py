"""The database's own clock in SQL, as microseconds since 1970: hosts may disagree."""

from __future__ import annotations

from collections.abc import Mapping

from infra.sql.address import MARIADB, POSTGRESQL, SQLITE

_POSTGRESQL = "CAST(extract(epoch FROM {clock}()) * 1000000 AS BIGINT)"

NOW: Mapping[str, str] = {
    SQLITE: "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    # Not now(), which stands still from the transaction's start on.
    POSTGRESQL: _POSTGRESQL.format(clock="clock_timestamp"),
    # Not UNIX_TIMESTAMP(), which takes local time and errs in the hour that comes twice.
    MARIADB: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
}

STATEMENT_NOW: Mapping[str, str] = {
    **NOW,
    # The same throughout one statement, as it is elsewhere, so that an index can be asked for it.
    POSTGRESQL: _POSTGRESQL.format(clock="statement_timestamp"),
}

INSERTED_NOW: Mapping[str, str] = {
    **NOW,
    # What a column has by itself: only of a clock that stands still PostgreSQL can tell that two
    # defaults are the same.
    POSTGRESQL: _POSTGRESQL.format(clock="transaction_timestamp"),
}
