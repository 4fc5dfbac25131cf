"""The sample shop's update log and article caches: what the cleaners find something to do in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from infra.sql.cleaning_tables import ARTICLE_POPULAR_CACHE, ARTICLE_SEARCH_CACHE, LOG_UPDATE
from infra.sql.database_clock import NOW
from infra.sql.engine import kind_of

_DAY = 86_400 * 1_000_000

_OLD_DAYS, _FRESH_DAYS = (200, 150, 120, 100, 95, 91), (60, 30, 7, 1, 0, 0, 0)

_ROWS: Mapping[Table, tuple[str, Mapping[str, Any]]] = {
    LOG_UPDATE: (
        "at",
        {
            "actor": "updating",
            "table_name": "article",
            "row_id": "1",
            "change": '{"qty": 4}',
        },
    ),
    ARTICLE_SEARCH_CACHE: ("created_at", {"search_key": "205/55 R16", "articles": "[1, 2]"}),
    ARTICLE_POPULAR_CACHE: ("created_at", {"article_id": 1, "hits": 42}),
}


def add_old_rows(connection: Connection) -> int:
    """Fill the tables that are empty; gives how many rows the sample has."""
    clock = text(f"SELECT {NOW[kind_of(connection)]}")
    now = int(connection.execute(clock).scalar_one())
    ages = (*_OLD_DAYS, *_FRESH_DAYS)
    for table, (at, row) in _ROWS.items():
        if connection.execute(select(table.c.id).limit(1)).first() is None:
            connection.execute(insert(table), [{**row, at: now - days * _DAY} for days in ages])
    return len(_ROWS) * len(ages)
