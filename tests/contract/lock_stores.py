"""Every lock store on every database, as the promises' tests use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import redis

from domain.operating.ports import Busy, Lease, Locks
from fakes.operating import MemoryLocks
from infra.sql.connection import Database
from servers import KINDS, database, redis_url
from supervised.play import ROOT, until
from supervised.rival import Place, open_store

KEY = "cron.suppliers.import.supplier.23"

EXPIRING = (*(f"database {kind}" for kind in KINDS), "redis", "redis postgresql")
SHARED = ("file", *(f"file {kind}" for kind in KINDS), *EXPIRING)
STORES = ("memory", *SHARED)

Databases = Callable[[str], str]


class Store:
    """A lock store that several processes use; ``client`` is the view of one of them."""

    def __init__(self, place: Place) -> None:
        self.place, self.folder = place, Path(place.folder)
        self._memory = MemoryLocks([])
        self._opened = ExitStack()
        self._rivals: list[subprocess.Popen[str]] = []

    def client(self) -> Locks:
        if self.place.kind == "memory":
            return self._memory
        return open_store(self.place, self._opened)

    def leasing(self, seconds: float) -> Store:
        """Give the same store with leases of so many seconds."""
        store = Store(replace(self.place, lease=seconds))
        self._opened.callback(store.close)
        return store

    def let_all_run_out(self) -> bool:
        """Bring the end of every lease forward, in the store itself; False where none has one."""
        if self.place.kind == "redis":
            with redis.Redis.from_url(self.place.redis) as connection:
                for key in connection.scan_iter("crontract:lock:*"):
                    connection.pexpire(key, 0)
        if self.place.kind == "database":
            with closing(Database(self.place.database)) as database:
                database.execute("UPDATE cron_lock SET lease_until = 1 WHERE lease_until > 1")
        return self.place.kind in ("database", "redis")

    def rival(self, name: str, verb: str) -> subprocess.Popen[str]:
        place = json.dumps(asdict(self.place))
        rival = subprocess.Popen(
            [sys.executable, "-m", "supervised.rival", place, name, verb],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self._rivals.append(rival)
        until((self.folder / f"{name}-ready").exists, f"{name} was ready")
        return rival

    def go(self) -> None:
        (self.folder / "go").touch()

    def close(self) -> None:
        for rival in self._rivals:
            rival.kill()
            rival.communicate()
        self._opened.close()


@contextmanager
def one_of_each() -> Iterator[Databases]:
    """Give one database per kind; who asks gets it without any lock."""
    urls: dict[str, str] = {}
    with ExitStack() as made:

        def of_kind(kind: str) -> str:
            if kind not in urls:
                urls[kind] = made.enter_context(database(kind))
            with closing(Database(urls[kind])) as emptied:
                emptied.execute("DELETE FROM cron_lock")
            return urls[kind]

        yield of_kind


@contextmanager
def opened(name: str, folder: Path, databases: Databases) -> Iterator[Store]:
    kind, _, noted = name.partition(" ")
    store = Store(
        Place(
            kind=kind,
            folder=str(folder),
            database=databases(noted) if noted else "",
            redis=redis_url() if kind == "redis" else "",
        )
    )
    try:
        yield store
    finally:
        store.close()


def taken(answer: Lease | Busy) -> Lease:
    assert isinstance(answer, Lease), answer
    return answer


def refused(answer: Lease | Busy) -> Busy:
    assert isinstance(answer, Busy), answer
    return answer
