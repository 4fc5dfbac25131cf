"""Hits of a log into the table, with how far the log was read in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.errors import Refused
from domain.page_hits.combined import PageHit
from infra.sql.counter_tables import DWH_WATERMARK, PAGEHIT
from infra.sql.engine import reading, writing


class SqlHitIntake:
    """The HitIntake port of pagehits:load."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def offset(self, key: str) -> int:
        question = select(DWH_WATERMARK.c.last_id).where(DWH_WATERMARK.c.name == key)
        with reading(self._engine) as connection:
            return connection.execute(question).scalar() or 0

    def store(self, key: str, hits: Sequence[PageHit], before: int, offset: int) -> None:
        newest = max((hit.ts for hit in hits), default=0)
        mark = {"last_id": offset, "last_ts": newest, "run_id": ""}
        with writing(self._engine) as connection:
            if not _moved(connection, key, before, mark):
                raise Refused("the log is being loaded by another pagehits:load: let it end")
            if hits:
                connection.execute(insert(PAGEHIT), [hit._asdict() for hit in hits])


def _moved(connection: Connection, key: str, before: int, mark: dict[str, Any]) -> bool:
    """Note how far the log was read; False where it was read on meanwhile."""
    here = (DWH_WATERMARK.c.name == key) & (DWH_WATERMARK.c.last_id == before)
    if connection.execute(update(DWH_WATERMARK).where(here).values(mark)).rowcount:
        return True
    if before:
        return False
    try:
        connection.execute(insert(DWH_WATERMARK).values(name=key, **mark))
    except IntegrityError:
        return False
    return True
