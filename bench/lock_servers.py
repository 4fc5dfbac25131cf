"""Taking and giving back a lock on a server, and the bare statements or scripts that it takes."""

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.timing import CONSOLE, ROOT, WrongAnswer, run

KEY, RUN = "cron.suppliers.import.supplier.23", "01a1fc6c-5335-7709-928e-3c993a3390a2"

Step = Callable[[], None]

# What the tests turn off for speed is on again: every commit reaches the disk.
_DURABLE: Mapping[str, Sequence[str]] = {
    "postgresql": ("-c", "fsync=on", "-c", "full_page_writes=on"),
    "mariadb": (
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-doublewrite=1",
        "--innodb-flush-method=O_DIRECT",
    ),
    "redis": (),
}

RAW = {
    "sqlite": "two updates in SQLite",
    "postgresql": "two updates in PostgreSQL, each committed to disk",
    "mariadb": "two updates in MariaDB, each committed to disk",
    "redis": "two scripts in Redis, through a bare socket",
}
OURS = {
    "sqlite": "database lock on SQLite",
    "postgresql": "database lock on PostgreSQL",
    "mariadb": "database lock on MariaDB",
    "redis": "redis lock, without the note of its fence",
}


@contextmanager
def addresses(folder: Path) -> Iterator[dict[str, str]]:
    """Start a server of each kind and give the addresses of migrated databases."""
    sys.path.append(str(ROOT / "tests"))
    from servers.private import private

    with ExitStack() as started:
        urls = {"sqlite": f"sqlite:///{folder / 'rows.db'}"}
        for kind, words in _DURABLE.items():
            server = started.enter_context(private(kind, folder / kind, arguments=words))
            urls[kind] = server.url
        for kind in ("sqlite", "postgresql", "mariadb"):
            run([CONSOLE, "db:migrate"], {"DATABASE_URL": urls[kind]})
        yield urls


# --- in the child ----------------------------------------------------------------------------


def steps(urls: Mapping[str, str]) -> dict[str, Step]:
    """Give each store's bare statements and our way, by name."""
    raw = {"sqlite": _raw_sqlite, "postgresql": _raw_postgresql}
    raw |= {"mariadb": _raw_mariadb, "redis": _raw_redis}
    found: dict[str, Step] = {}
    for kind, url in urls.items():
        found[RAW[kind]] = raw[kind](url)
        found[OURS[kind]] = _ours(kind, url)
    return found


def _ours(kind: str, url: str) -> Step:
    from infra.locks.database import DatabaseLocks
    from infra.locks.redis import RedisLocks
    from infra.sql.connection import Database

    locks: Any = RedisLocks(url) if kind == "redis" else DatabaseLocks(Database(url))

    def step() -> None:
        locks.release(locks.acquire(KEY, RUN))

    return step


_TABLE = "CREATE TABLE raw_lock (lock_key VARCHAR(200) PRIMARY KEY, fence BIGINT, until BIGINT)"
_ROW = f"INSERT INTO raw_lock VALUES ('{KEY}', 0, 0)"  # noqa: S608 - the key is our own
_TAKE = """
    UPDATE raw_lock SET fence = fence + 1, until = {now} + 30000000
    WHERE lock_key = {key} AND until <= {now}
"""
_GIVE = "UPDATE raw_lock SET until = 0 WHERE lock_key = {key} AND until > 0"


def _raw(execute: Callable[[str, tuple[str]], object], kind: str, mark: str) -> Step:
    from infra.sql.database_clock import NOW

    take, give = (text.format(now=NOW[kind], key=mark) for text in (_TAKE, _GIVE))

    def step() -> None:
        execute(take, (KEY,))
        execute(give, (KEY,))

    return step


def _raw_sqlite(url: str) -> Step:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    connection.execute(_ROW)
    return _raw(connection.execute, "sqlite", "?")


def _raw_postgresql(url: str) -> Step:
    import psycopg

    connection = psycopg.connect(url, autocommit=True)
    cursor: Any = connection.cursor()
    cursor.execute(_TABLE)
    cursor.execute(_ROW)
    return _raw(cursor.execute, "postgresql", "%s")


def _raw_mariadb(url: str) -> Step:
    import pymysql

    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        database=parts.path[1:],
        autocommit=True,
    )
    cursor = connection.cursor()
    cursor.execute(_TABLE)
    cursor.execute(_ROW)
    return _raw(cursor.execute, "mariadb", "%s")


_RAW_TAKE = """
local free = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', 30000)
if free then return redis.call('INCR', KEYS[2]) end
"""
_RAW_GIVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


def _raw_redis(url: str) -> Step:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 6379))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def asked(*words: str) -> bytes:
        parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
        connection.sendall(f"*{len(parts)}\r\n{''.join(parts)}".encode())
        return connection.recv(4096)

    sums = [asked("SCRIPT", "LOAD", script)[5:45].decode() for script in (_RAW_TAKE, _RAW_GIVE)]

    def step() -> None:
        for found in sums:
            if not asked("EVALSHA", found, "2", "raw:lock", "raw:fence", RUN).startswith(b":"):
                raise WrongAnswer("the bare script took no lock")

    return step
