"""Rows of the queue as tests write them, each with what matters to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.sql.connection import Database
from infra.sql.queue.messages import microseconds_of

USUAL: Mapping[str, Any] = {"queue": "general", "type": "sample.work", "payload": "{}"}

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ago(age: timedelta) -> int:
    """Give the instant so long ago as the queue's tables keep it; below zero lies ahead."""
    return microseconds_of(datetime.now(UTC) - age)


def insert(database: Database, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows in one transaction; what one leaves out is as usual, or the database's default."""
    with database.transaction() as transaction:
        for row in rows:
            transaction.insert("queue", {**USUAL, **row})


def ended(age: timedelta, status: str = "PROCESSED", **more: Any) -> dict[str, Any]:
    """Give a message that was created and ended so long ago."""
    then = ago(age)
    return {"status": status, "created_at": then, "finished_at": then, **more}


def note(database: Database, message_id: int, move: str = "retry", **more: Any) -> None:
    """Write a row of history."""
    told = {"message_id": message_id, "move": move, "actor": "run-1", "detail": "", **more}
    with database.transaction() as transaction:
        transaction.insert("queue_history", told)
