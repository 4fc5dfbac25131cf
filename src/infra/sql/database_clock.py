"""The database's own clock in SQL, as microseconds since 1970: hosts may disagree."""

from __future__ import annotations

from collections.abc import Mapping

from infra.sql.address import MARIADB, POSTGRESQL, SQLITE

NOW: Mapping[str, str] = {
    SQLITE: "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    # Not now(), which stands still from the transaction's start on.
    POSTGRESQL: "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    # Not UNIX_TIMESTAMP(), which takes local time and errs in the hour that comes twice.
    MARIADB: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
}
