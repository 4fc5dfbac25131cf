"""Another process that wants the same locks: ``python -m supervised.rival STORE FOLDER NAME VERB``.

Each verb waits for the start signal, the file ``go``, and prints one JSON value.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from domain.operating.ports import Busy, Lease, Locks
from infra.locks.fenced import FencedLocks
from infra.locks.file import FileLocks
from infra.sql.connection import Database
from supervised.jobs import FOREVER, mark

ROUNDS = 200


def open_store(store: str, folder: Path) -> Locks:
    """Open a store as one process does."""
    files = FileLocks(folder / "locks")
    if store == "file":
        return files
    return FencedLocks(files, Database(f"sqlite:///{folder / 'ledger.db'}"))


def main() -> None:
    store, folder, name, verb = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    locks = open_store(store, folder)
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


VERBS: dict[str, Callable[[Locks, str, Path], object]] = {
    "race": race,
    "churn": churn,
    "hold": hold,
}

if __name__ == "__main__":
    main()
