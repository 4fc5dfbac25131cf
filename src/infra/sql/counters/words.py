"""What each database calls what the counting needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.sql.address import MARIADB, POSTGRESQL, SQLITE


@dataclass(frozen=True, kw_only=True)
class Words:
    """Pieces of SQL: ``text`` of a length compares byte by byte, ``serial`` numbers its rows."""

    text: str
    serial: str
    divided: str
    hour: str
    cast: str
    prepare: Sequence[str] = ()
    know: str = ""


WORDS: Mapping[str, Words] = {
    SQLITE: Words(
        text="TEXT",
        serial="INTEGER PRIMARY KEY",
        divided="/",
        hour="strftime('%Y-%m-%dT%H:00Z', hour * 3600, 'unixepoch')",
        cast="TEXT",
        # In a file, so that memory does not grow with the hits.
        prepare=("PRAGMA temp_store = FILE", "PRAGMA temp.cache_size = -32000"),
    ),
    POSTGRESQL: Words(
        text='VARCHAR({}) COLLATE "C"',
        serial="INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        divided="/",
        hour="""to_char(to_timestamp(hour * 3600) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"')""",
        cast="TEXT",
        know="ANALYZE {table}",
    ),
    MARIADB: Words(
        text="VARCHAR({}) COLLATE utf8mb4_nopad_bin",
        serial="INTEGER AUTO_INCREMENT PRIMARY KEY",
        divided="DIV",
        hour="date_format('1970-01-01' + INTERVAL hour HOUR, '%Y-%m-%dT%H:00Z')",
        cast="CHAR",
    ),
}
