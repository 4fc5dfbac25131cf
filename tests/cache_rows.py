"""Entries of the article caches as tests write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from infra.sql.connection import Database
from queue_rows import ago

SEARCH, POPULAR = "article_search_cache", "article_popular_cache"

_SAID: Mapping[str, Mapping[str, Any]] = {
    SEARCH: {"search_key": "205/55 R16", "articles": "[7, 9]"},
    POPULAR: {"article_id": 7, "hits": 42},
}


def cache(database: Database, table: str, count: int, age: timedelta) -> None:
    """Write so many entries of one age."""
    row = {**_SAID[table], "created_at": ago(age)}
    with database.transaction() as transaction:
        for _ in range(count):
            transaction.insert(table, row)


def cached(database: Database, table: str) -> int:
    [row] = database.rows(f"SELECT COUNT(*) AS found FROM {table}")  # noqa: S608 - our own tables
    return int(row["found"])


def accounts(database: Database) -> Sequence[dict[str, Any]]:
    """Give every account without its times, in the order of its beginning."""
    told = "operation, candidates, deleted, kept, status, error"
    rows = database.rows(f"SELECT {told} FROM system_clean_audit ORDER BY at, operation DESC")  # noqa: S608 - our own words
    return [dict(row) for row in rows]
