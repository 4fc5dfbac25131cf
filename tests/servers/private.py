"""A server for one test, to be cut, stopped and started again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers.finding import find
from servers.recipes import MariaDb, PostgreSql, Redis
from servers.record import wanted
from servers.server import Recipe, Server

RECIPES: dict[str, Callable[..., Recipe]] = {
    "postgresql": PostgreSql,
    "mariadb": MariaDb,
    "redis": Redis,
}


@contextmanager
def private(name: str, folder: Path, **options: Any) -> Iterator[Server]:
    """Start a server of its own; ``folder`` takes what the test may want to read afterwards.

    A variable like CRON_TEST_REDIS_URL is not used: a test may kill what is private.
    """
    with wanted(name):
        found = find(name, {})
    server = Server(RECIPES[name](**options), found)
    try:
        server.start()
        yield server
    finally:
        server.close()
