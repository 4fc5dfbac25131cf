"""A queue by hand: the fewest statements after which every message is durably done.

No leases, no claim numbers, no retries: what a careful queue is measured against, by the same
drivers and with the same durability.
"""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

BATCH = 100
BULK = 1_000
PAYLOAD = json.dumps({"batch": "images_000123", "supplier": 23, "rows": [1, 2, 3]})


class Raw(ABC):
    """One connection to the table of a kind of database; every call is durable at its end."""

    TABLE: Sequence[str]
    INSERT: str
    EFFECT: str
    LESS_DURABLY = ""

    _connection: Any

    @abstractmethod
    def execute(self, statement: str, *values: object) -> Any: ...
    @abstractmethod
    def claim(self) -> Sequence[int]: ...
    @abstractmethod
    def finish(self, message_id: int) -> None: ...
    @abstractmethod
    def finish_all(self, message_ids: Sequence[int], *, with_rows: bool = False) -> None: ...
    @abstractmethod
    def insert_many(self, count: int) -> None: ...

    def make(self) -> None:
        for table in ("raw_queue", "raw_effect"):
            self.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in self.TABLE:
            self.execute(statement)

    def close(self) -> None:
        self._connection.close()

    def write_as_producers_do(self) -> None:
        """Commit as durably as the product's own connection outside of the queue's workers."""
        if self.LESS_DURABLY:
            self.execute(self.LESS_DURABLY)

    def done(self) -> int:
        counted = self.execute("SELECT count(*) FROM raw_queue WHERE status = 3").fetchone()
        return int(counted[0])

    def single(self, count: int) -> None:
        for _ in range(count):
            self.execute(self.INSERT, PAYLOAD)

    def bulk(self, count: int) -> None:
        for begun in range(0, count, BULK):
            self.insert_many(min(BULK, count - begun))

    def one_by_one(self) -> None:
        while claimed := self.claim():
            for message_id in claimed:
                self.finish(message_id)

    def together(self) -> None:
        while claimed := self.claim():
            self.finish_all(claimed)

    def with_rows(self) -> None:
        while claimed := self.claim():
            self.finish_all(claimed, with_rows=True)


class RawSqlite(Raw):
    """One writer at a time."""

    TABLE = (
        """
        CREATE TABLE raw_queue (id INTEGER PRIMARY KEY, queue TEXT NOT NULL DEFAULT 'general',
            status INT NOT NULL DEFAULT 0, priority INT NOT NULL DEFAULT 5, available_at REAL
            NOT NULL DEFAULT 0, attempts INT NOT NULL DEFAULT 0, payload TEXT NOT NULL,
            started_at REAL, finished_at REAL)
        """,
        "CREATE INDEX raw_new ON raw_queue (queue, priority, id) WHERE status = 0",
        "CREATE TABLE raw_effect (message_id INTEGER NOT NULL)",
    )
    INSERT = "INSERT INTO raw_queue (payload) VALUES (?)"
    EFFECT = "INSERT INTO raw_effect VALUES (?)"
    LESS_DURABLY = "PRAGMA synchronous = NORMAL"
    _CLAIM = f"""
        UPDATE raw_queue SET status = 2, attempts = attempts + 1, started_at = julianday('now')
        WHERE id IN (
            SELECT id FROM raw_queue WHERE queue = 'general' AND status = 0
                AND available_at <= julianday('now')
            ORDER BY priority, id LIMIT {BATCH}
        ) RETURNING id, payload
    """  # noqa: S608 - the limit is a constant
    _FINISH = "UPDATE raw_queue SET status = 3, finished_at = julianday('now') WHERE id = ?"

    def __init__(self, url: str) -> None:
        path = url.removeprefix("sqlite:///")
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")

    def execute(self, statement: str, *values: object) -> Any:
        return self._connection.execute(statement, values)

    def claim(self) -> Sequence[int]:
        return [row[0] for row in self.execute(self._CLAIM).fetchall()]

    def finish(self, message_id: int) -> None:
        self.execute(self._FINISH, message_id)

    def finish_all(self, message_ids: Sequence[int], *, with_rows: bool = False) -> None:
        self.execute("BEGIN IMMEDIATE")
        for message_id in message_ids:
            if with_rows:
                self.execute(self.EFFECT, message_id)
            self.execute(self._FINISH, message_id)
        self.execute("COMMIT")

    def insert_many(self, count: int) -> None:
        self.execute("BEGIN IMMEDIATE")
        self._connection.executemany(self.INSERT, [(PAYLOAD,)] * count)
        self.execute("COMMIT")


class RawPostgresql(Raw):
    """Prepared statements, and rows that others hold are skipped."""

    TABLE = (
        """
        CREATE TABLE raw_queue (id BIGSERIAL PRIMARY KEY, queue TEXT NOT NULL DEFAULT 'general',
            status SMALLINT NOT NULL DEFAULT 0, priority INT NOT NULL DEFAULT 5, available_at
            TIMESTAMPTZ NOT NULL DEFAULT now(), attempts SMALLINT NOT NULL DEFAULT 0, payload TEXT
            NOT NULL, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ) WITH (fillfactor = 70)
        """,
        "CREATE INDEX raw_new ON raw_queue (queue, priority, id) WHERE status = 0",
        "CREATE TABLE raw_effect (message_id BIGINT NOT NULL)",
    )
    INSERT = "INSERT INTO raw_queue (payload) VALUES (%s)"
    EFFECT = "INSERT INTO raw_effect VALUES (%s)"
    # "id IN (SELECT …)" is planned as a join over the whole table; an array keeps the index.
    _CLAIM = f"""
        UPDATE raw_queue SET status = 2, attempts = attempts + 1, started_at = now()
        WHERE id = ANY(ARRAY(
            SELECT id FROM raw_queue WHERE queue = 'general' AND status = 0
                AND available_at <= now()
            ORDER BY priority, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
        )) RETURNING id, payload
    """  # noqa: S608 - the limit is a constant
    _FINISH = "UPDATE raw_queue SET status = 3, finished_at = now() WHERE id = "

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def execute(self, statement: str, *values: object) -> Any:
        return self._connection.execute(statement.encode(), values or None)

    def claim(self) -> Sequence[int]:
        return [row[0] for row in self.execute(self._CLAIM).fetchall()]

    def finish(self, message_id: int) -> None:
        self.execute(f"{self._FINISH} %s", message_id)

    def finish_all(self, message_ids: Sequence[int], *, with_rows: bool = False) -> None:
        with self._connection.transaction():
            for message_id in message_ids if with_rows else ():
                self.execute(self.EFFECT, message_id)
            self.execute(f"{self._FINISH} ANY(%s)", message_ids)

    def insert_many(self, count: int) -> None:
        self.execute("INSERT INTO raw_queue (payload) SELECT unnest(%s::text[])", [PAYLOAD] * count)


class RawMariadb(Raw):
    """Locked, then changed by primary key."""

    TABLE = (
        """
        CREATE TABLE raw_queue (id BIGINT AUTO_INCREMENT PRIMARY KEY, queue VARCHAR(64) NOT NULL
            DEFAULT 'general', status TINYINT NOT NULL DEFAULT 0, priority INT NOT NULL DEFAULT 5,
            available_at DATETIME(6) NOT NULL DEFAULT now(6), attempts SMALLINT NOT NULL DEFAULT 0,
            payload TEXT NOT NULL, started_at DATETIME(6), finished_at DATETIME(6),
            KEY raw_new (queue, status, priority, id))
        """,
        "CREATE TABLE raw_effect (message_id BIGINT NOT NULL)",
    )
    INSERT = "INSERT INTO raw_queue (payload) VALUES (%s)"
    EFFECT = "INSERT INTO raw_effect VALUES (%s)"
    _CHOOSE = f"""
        SELECT id, payload FROM raw_queue WHERE queue = 'general' AND status = 0
            AND available_at <= now(6)
        ORDER BY priority, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
    """  # noqa: S608 - the limit is a constant
    _CLAIM = """
        UPDATE raw_queue SET status = 2, attempts = attempts + 1, started_at = now(6)
        WHERE id IN %s
    """
    _FINISH = "UPDATE raw_queue SET status = 3, finished_at = now(6) WHERE id "

    def __init__(self, url: str) -> None:
        import pymysql

        parts = urlsplit(url)
        self._connection = pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=parts.username,
            database=parts.path[1:],
            autocommit=True,
        )
        self._cursor = self._connection.cursor()
        self.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def execute(self, statement: str, *values: object) -> Any:
        self._cursor.execute(statement, values or None)
        return self._cursor

    def claim(self) -> Sequence[int]:
        self._connection.begin()
        claimed = [row[0] for row in self.execute(self._CHOOSE).fetchall()]
        if claimed:
            self.execute(self._CLAIM, claimed)
        self._connection.commit()
        return claimed

    def finish(self, message_id: int) -> None:
        self.execute(f"{self._FINISH} = %s", message_id)

    def finish_all(self, message_ids: Sequence[int], *, with_rows: bool = False) -> None:
        self._connection.begin()
        for message_id in message_ids if with_rows else ():
            self.execute(self.EFFECT, message_id)
        self.execute(f"{self._FINISH} IN %s", message_ids)
        self._connection.commit()

    def insert_many(self, count: int) -> None:
        self._connection.begin()
        self._cursor.executemany(self.INSERT, [(PAYLOAD,)] * count)
        self._connection.commit()


_BY_SCHEME = {"sqlite": RawSqlite, "postgresql": RawPostgresql, "mariadb": RawMariadb}


def connect(url: str) -> Raw:
    return _BY_SCHEME[urlsplit(url).scheme](url)
