"""Rows of the update log as tests write them, and where they are at last."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

from infra.sql.connection import Database, Transaction
from queue_rows import ago

PRICE = '{"price": "79,90 €"}'

_QUOTE = {"mariadb": "`"}
"""The name is a word of MariaDB's own."""


def log(database: Database, count: int, age: timedelta, told: str = PRICE) -> None:
    """Write so many rows of one age."""
    with database.transaction() as transaction:
        add_log(database.kind, transaction, count, age, told)


def add_log(
    kind: str, transaction: Transaction, count: int, age: timedelta, told: str = PRICE
) -> None:
    """Write them in a transaction that goes on."""
    quote, values = _QUOTE.get(kind, '"'), {"at": ago(age), "told": told}
    insert = f"INSERT INTO log_update (at, actor, table_name, row_id, {quote}change{quote})"
    for _ in range(count):
        transaction.execute(f"{insert} VALUES (:at, 'updating', 'article', '42', :told)", values)


def logged(database: Database) -> list[int]:
    """Give the ids in the table."""
    return [row["id"] for row in database.rows("SELECT id FROM log_update ORDER BY id")]


def archived(folder: Path) -> list[int]:
    """Give the ids in the valid archives."""
    files = sorted(folder.glob("*/*.jsonl.gz"))
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    return sorted(json.loads(line)["id"] for line in lines)
