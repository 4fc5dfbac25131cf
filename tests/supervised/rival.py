"""Another process that wants the same locks: ``python -m supervised.rival PLACE NAME VERB``.

Each verb waits for the start signal, the file ``go``, and prints one JSON value.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from domain.operating.ports import Busy, Lease, Locks
from domain.operating.several_locks import take_all
from infra.locks.database import DatabaseLocks
from infra.locks.fenced import FencedLocks
from infra.locks.file import FileLocks
from infra.locks.redis import RedisLocks
from infra.sql.connection import Database
from supervised.jobs import FOREVER, mark

ROUNDS = 200
SEVERAL_ROUNDS = 20
KEYS = ("several.1", "several.2", "several.3")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the locks are; with a database, fences are noted there, or it keeps the locks."""

    kind: str
    folder: str
    database: str = ""
    redis: str = ""
    lease: float = 30.0


def open_store(place: Place, opened: ExitStack) -> Locks:
    """Open a store as one process does; its connections end with ``opened``."""
    database = opened.enter_context(closing(Database(place.database)))
    if place.kind == "database":
        return DatabaseLocks(database, place.lease)
    store: Locks = FileLocks(Path(place.folder) / "locks")
    if place.kind == "redis":
        store = opened.enter_context(closing(RedisLocks(place.redis, place.lease)))
    return FencedLocks(store, database) if place.database else store


def main() -> None:
    place, name, verb = Place(**json.loads(sys.argv[1])), sys.argv[2], sys.argv[3]
    folder = Path(place.folder)
    with ExitStack() as opened:
        locks = open_store(place, opened)
        mark(folder, f"{name}-ready")
        _wait_for(folder / "go")
        json.dump(VERBS[verb](locks, name, folder), sys.stdout)


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.001)


def race(locks: Locks, name: str, folder: Path) -> list[str]:
    """Claim each of many keys and keep it until the race is over; tells who has each key."""
    answers = [locks.acquire(f"race.{number}", name) for number in range(ROUNDS)]
    mark(folder, f"{name}-raced")
    _wait_for(folder / "over")
    return [answer.run_id for answer in answers]


def churn(locks: Locks, name: str, _folder: Path) -> list[int]:
    """Take and return one key over and over; tells the fences that were had."""
    fences: list[int] = []
    while len(fences) < ROUNDS:
        answer = locks.acquire("churned", name)
        if isinstance(answer, Lease):
            fences.append(answer.fence)
            locks.release(answer)
    return fences


def hold(locks: Locks, name: str, folder: Path) -> None:
    answer = locks.acquire("held", name)
    assert not isinstance(answer, Busy)
    mark(folder, "holding")
    time.sleep(FOREVER)


def several(locks: Locks, name: str, _folder: Path, *, keys: Sequence[str] = KEYS) -> int:
    """Take and return all keys at once over and over; tells how often they were had."""
    had = 0
    while had < SEVERAL_ROUNDS:
        answer = take_all(locks, keys, name)
        if not isinstance(answer, Busy):
            had += 1
            for lease in answer:
                locks.release(lease)
    return had


VERBS: dict[str, Callable[[Locks, str, Path], object]] = {
    "race": race,
    "churn": churn,
    "hold": hold,
    "several": several,
    "several backwards": partial(several, keys=KEYS[::-1]),
}

if __name__ == "__main__":
    main()
