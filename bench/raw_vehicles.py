"""The least that a sync of vehicle data can cost: two files into staging tables, a merge of each.

No checks, no digests, no table of differences, no mail. ``raw_vehicles.py sync|empty URL FOLDER``.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from bench.server_stock import connect, is_postgresql

VEHICLE = ("vehicle_id", "make", "model", "generation", "year_from", "year_to", "engine")
FITMENT = (
    *("fitment_id", "vehicle_id", "axle", "tyre_size", "rim_width", "rim_diameter"),
    *("bolt_count", "bolt_circle", "centre_bore", "offset_mm", "is_original"),
)
TABLES = {
    "vehicle": ("vehicles.csv", VEHICLE, "make, model, engine"),
    "vehicle_fitment": ("fitments.csv", FITMENT, "vehicle_id, tyre_size, offset_mm"),
}
_WRITTEN = (
    *("driveright_difference", "driveright_quarantine", "driveright_mail", "driveright_pulled"),
    *("driveright_run", "driveright_snapshot", "data_version", "vehicle", "vehicle_fitment"),
    *("vehicle_staged", "vehicle_fitment_staged"),
)
_BATCH = 1_000

_CLEAR, _EMPTY = "DELETE FROM {table}_staged", "DELETE FROM {table}"
_COPY = "COPY {table}_staged (snapshot_id, {names}, content_hash) FROM STDIN"
_KNOW = "ANALYZE {table}_staged", "ANALYZE {table}"
_INSERT = "INSERT INTO {table}_staged (snapshot_id, {names}, content_hash) VALUES ({marks})"
_MERGE = (
    """INSERT INTO {table} ({names}, source, content_hash) SELECT {staged}, 'driveright', ''
    FROM {table}_staged AS n LEFT JOIN {table} AS o ON o.{key} = n.{key} WHERE o.{key} IS NULL""",
    """SELECT count(*) FROM {table}_staged AS n JOIN {table} AS o ON o.{key} = n.{key}
    WHERE {differs}""",
    """DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {table}_staged AS n
    WHERE n.snapshot_id = 1 AND n.{key} = {table}.{key})""",
)
"""What is new goes in, what differs is counted, what is gone goes out."""


def opened(url: str) -> Any:
    """Connect; every statement commits by itself until there is a BEGIN."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.partition(":///")[2], isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection
    return connect(url)


def sync(url: str, folder: Path) -> None:
    """Load and merge both files, with one commit."""
    with closing(opened(url)) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        for table, (name, columns, compared) in TABLES.items():
            words = _words(url, table, columns, compared)
            cursor.execute(_CLEAR.format(**words))
            with (folder / name).open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                next(rows)
                _load(url, cursor, words, _filled(rows))
            for statement in _MERGE:
                cursor.execute(statement.format(**words))
                if statement.startswith("SELECT"):
                    cursor.fetchall()
        cursor.execute("COMMIT")


def _words(url: str, table: str, columns: tuple[str, ...], compared: str) -> dict[str, str]:
    mark = "?" if url.startswith("sqlite") else "%s"
    return {
        "table": table,
        "key": columns[0],
        "names": ", ".join(columns),
        "staged": ", ".join(f"n.{name}" for name in columns),
        "differs": " OR ".join(f"o.{name} <> n.{name}" for name in compared.split(", ")),
        "marks": ", ".join([mark] * (len(columns) + 2)),
    }


def _filled(rows: Iterator[list[str]]) -> Iterator[tuple[object, ...]]:
    return ((1, *(cell or None for cell in row), "") for row in rows)


def _load(url: str, cursor: Any, words: dict[str, str], rows: Iterator[Any]) -> None:
    if not is_postgresql(url):
        while batch := list(islice(rows, _BATCH)):
            cursor.executemany(_INSERT.format(**words), batch)
        return
    with cursor.copy(_COPY.format(**words)) as copy:
        for row in rows:
            copy.write_row(row)
    for statement in _KNOW:
        cursor.execute(statement.format(**words))


def empty(url: str, _folder: Path) -> None:
    """Forget all vehicles and what is known of their snapshots."""
    with closing(opened(url)) as connection:
        cursor = connection.cursor()
        for table in _WRITTEN:
            cursor.execute(_EMPTY.format(table=table))


if __name__ == "__main__":
    {"sync": sync, "empty": empty}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
