"""Queues for the tests of their SQL: rows as they are, and a clock that rows are aged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.queue.dao import Claim, Reason, Wanted
from domain.queue.job import Message
from domain.queue.work import Draft, Enqueued
from infra.sql.connection import Database
from infra.sql.database_clock import STATEMENT_NOW
from infra.sql.queue.dao import SqlQueueDAO
from infra.sql.queue.messages import COLUMNS, instant_of, message_of, values_of
from infra.sql.queue.producer import SqlProducer
from servers import database

GENERAL = Wanted(queue="general")
WHY = Reason(actor="anna", reason="host is gone")
TYPE = "images.update"
RUN = "run-1"
EXPIRED = timedelta(seconds=61)


@dataclass
class Queue:
    """A database with the DAO on it, and with what tests do to rows behind its back."""

    url: str
    database: Database
    dao: SqlQueueDAO

    @property
    def now(self) -> datetime:
        row = self.database.row(f"SELECT {STATEMENT_NOW[self.database.kind]} AS now")
        assert row
        return instant_of(row["now"])

    def add(self, **fields: Any) -> int:
        return self.write(Draft(**{"type": TYPE, "payload": {"article": 1}, **fields})).message_id

    def write(self, draft: Draft) -> Enqueued:
        with self.database.transaction() as transaction:
            return SqlProducer(transaction, self.database.kind).enqueue(draft)

    def add_legacy(self, **fields: Any) -> int:
        """Write a row as the legacy side does, with as little as it must say."""
        values = {"queue": "general", "type": "X::update", "payload": "a:0:{}", **fields}
        with self.database.transaction() as transaction:
            transaction.insert("queue", values)
            row = transaction.row("SELECT MAX(id) AS id FROM queue")
        assert row
        return int(row["id"])

    def put(self, message: Message) -> None:
        """Write a row as it is."""
        with self.database.transaction() as transaction:
            transaction.insert("queue", values_of(message))

    def fill(self, number: int, entity_key: str | None = None) -> None:
        """Write so many rows, far quicker than by the producer."""
        rows = "SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < :number"
        with self.database.transaction() as transaction:
            if self.database.kind == "mariadb":
                transaction.execute(f"SET SESSION max_recursive_iterations = {number + 1}")
            numbers = f"WITH RECURSIVE numbers AS ({rows})"
            into = "INSERT INTO queue (queue, type, payload, entity_key)"
            chosen = "SELECT 'general', :type, '{}', :entity_key FROM numbers"
            statement = {
                "sqlite": f"{numbers} {into} {chosen}",
                "postgresql": f"{numbers} {into} {chosen}",
                "mariadb": f"{into} {numbers} {chosen}",
            }[self.database.kind]
            transaction.execute(
                statement, {"number": number, "type": TYPE, "entity_key": entity_key}
            )

    def set(self, message_id: int, assignments: str, **values: Any) -> None:
        self.database.execute(
            f"UPDATE queue SET {assignments} WHERE id = :id",  # noqa: S608 - the tests' own words
            id=message_id,
            **values,
        )

    def age(self, message_id: int, by: timedelta = EXPIRED) -> None:
        """Let the message be so much older."""
        back = by // timedelta(microseconds=1)
        columns = ("lease_until", "status_since", "available_at", "created_at", "first_rescue_at")
        aged = ", ".join(f"{column} = {column} - :back" for column in columns)
        self.set(message_id, aged, back=back)

    def message(self, message_id: int) -> Message:
        row = self.database.row(f"SELECT {COLUMNS} FROM queue WHERE id = :id", id=message_id)  # noqa: S608
        assert row
        return message_of(row)

    def status(self, message_id: int) -> str:
        return self.message(message_id).status.value

    def history(self, message_id: int) -> Sequence[tuple[Any, ...]]:
        """Give move, actor and run of whatever befell the message."""
        rows = self.database.rows(
            "SELECT move, actor, run_id FROM queue_history WHERE message_id = :id ORDER BY id",
            id=message_id,
        )
        return [(row["move"], row["actor"], row["run_id"]) for row in rows]

    def counters(self) -> Mapping[str, int]:
        rows = self.database.rows("SELECT name, value FROM queue_counter")
        return {row["name"]: row["value"] for row in rows}

    def audit(self) -> Sequence[tuple[str, ...]]:
        rows = self.database.rows("SELECT actor, verb, object, reason FROM cron_audit")
        return [(row["actor"], row["verb"], row["object"], row["reason"]) for row in rows]

    def claim(self, most: int = 100, wanted: Wanted = GENERAL, run_id: str = RUN) -> list[Claim]:
        return [claim_of(message) for message in self.dao.claim(wanted, run_id, most)]

    def begin(self, claim: Claim) -> Claim:
        """Put a claimed message to PROCESSING without a bench."""
        self.set(claim.message_id, "status = 'PROCESSING', attempts = attempts + 1")
        return claim

    def begun(self, **fields: Any) -> Claim:
        """Give a claim whose message is being processed."""
        message_id = self.add(**fields)
        [claim] = [one for one in self.claim() if one.message_id == message_id]
        return self.begin(claim)


def claim_of(message: Message) -> Claim:
    return Claim(message_id=message.id, claim_no=message.claim_no)


@contextmanager
def queue(kind: str) -> Iterator[Queue]:
    with database(kind) as url:
        opened = Database(url)
        try:
            yield Queue(url, opened, SqlQueueDAO(opened))
        finally:
            opened.close()


def later(message: Message, **changes: Any) -> Message:
    return replace(message, **changes)


EPOCH = datetime(2026, 3, 2, 3, tzinfo=UTC)
