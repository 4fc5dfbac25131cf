"""The servers that a whole session of tests shares: each is started by the first test that asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from servers.finding import Found
from servers.recipes import MariaDb, PostgreSql, Redis
from servers.record import wanted
from servers.server import Recipe, Server
from servers.session import Session, session

_SHARED: dict[str, Callable[[], Recipe]] = {
    "postgresql": lambda: PostgreSql(arguments=("-c", "synchronous_commit=off")),
    "mariadb": MariaDb,
    "redis": Redis,
}


def shared(name: str) -> str:
    """Give the address of the session's server; skips where there is none."""
    where, found = session(), wanted(name)
    return str(where.once(name, lambda: _start(found, where))["url"])


def _start(found: Found, where: Session) -> dict[str, Any]:
    if found.url:
        return {"url": found.url, "guard": 0}
    server = Server(_SHARED[found.name](), found, owner=where.owner, sweep=where.folder)
    server.start()
    server.hand_over()
    return {"url": server.url, "guard": server.guard}


def redis_url() -> str:
    """Give the address of an empty database number on the shared Redis."""
    import redis

    address = shared("redis").rpartition("/")[0]
    with redis.Redis.from_url(f"{address}/0") as first:
        most = int(first.config_get("databases")["databases"])
        number = 1 + int(first.incr("crontract-tests")) % (most - 1)
    with redis.Redis.from_url(f"{address}/{number}") as own:
        own.flushdb()
    return f"{address}/{number}"
