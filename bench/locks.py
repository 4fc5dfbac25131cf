"""Taking and giving back a free lock, against the same system calls and SQL without the care.

The loops run in a child: python -m bench.locks FOLDER RUNS URLS, with src on the path.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench import lock_servers
from bench.lock_servers import KEY, RUN
from bench.table import Table, against
from bench.timing import CONSOLE, PYTHON, ROOT, run

RAW_FILE, FILE = "flock, record, fdatasync", "file lock"
RAW_ROW, ROW = "the same and a row in SQLite", "file lock with its fence in SQLite"

_BAR = 1.5
_LOOPS = 500
_RECORD = json.dumps({"key": KEY, "run_id": RUN, "host": "shop", "pid": 4711}).encode()
_UPSERT = """
    INSERT INTO raw_lock VALUES (?, ?, ?)
    ON CONFLICT (lock_key) DO UPDATE SET fence = excluded.fence, run_id = excluded.run_id
    """


def report(folder: Path, runs: int) -> Table:
    database = {"DATABASE_URL": f"sqlite:///{folder / 'locks.db'}"}
    run([CONSOLE, "db:migrate"], database)
    with lock_servers.addresses(folder) as urls:
        argv = [PYTHON, "-m", "bench.locks", str(folder), str(runs), json.dumps(urls)]
        found = json.loads(run(argv, {"PYTHONPATH": str(ROOT / "src")}))
    table = Table("A free lock, taken and given back", ("", "us", "x raw", "bar"))
    on_servers = zip(lock_servers.RAW.values(), lock_servers.OURS.values(), strict=True)
    for raw, ours in ((RAW_FILE, FILE), (RAW_ROW, ROW), *on_servers):
        ratio = median(a / b for a, b in zip(found[ours], found[raw], strict=True))
        table.add(raw, f"{median(found[raw]):.0f}", "1.00", "")
        table.add(ours, f"{median(found[ours]):.0f}", f"{ratio:.2f}", against(ratio, _BAR))
    return table


# --- in the child ----------------------------------------------------------------------------


def main() -> None:
    folder, runs = Path(sys.argv[1]), int(sys.argv[2])
    steps = {RAW_FILE: _raw_file(folder), FILE: _file(folder)}
    steps |= {RAW_ROW: _raw_row(folder), ROW: _row(folder)}
    steps |= lock_servers.steps(json.loads(sys.argv[3]))
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(runs):
        for name, step in steps.items():
            found[name].append(_microseconds(step))
    print(json.dumps(found))


def _microseconds(step: Callable[[], None]) -> float:
    step()
    started = time.perf_counter()
    for _ in range(_LOOPS):
        step()
    return (time.perf_counter() - started) / _LOOPS * 1e6


def _raw_file(folder: Path) -> Callable[[], None]:
    path = folder / "raw.lock"

    def step() -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(descriptor, _RECORD, 0)
        os.fdatasync(descriptor)
        os.close(descriptor)

    return step


def _raw_row(folder: Path) -> Callable[[], None]:
    connection = sqlite3.connect(folder / "locks.db", isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE raw_lock (lock_key PRIMARY KEY, fence, run_id) WITHOUT ROWID")
    file = _raw_file(folder)

    def step() -> None:
        file()
        connection.execute(_UPSERT, (KEY, time.monotonic_ns(), RUN))

    return step


def _file(folder: Path) -> Callable[[], None]:
    from infra.locks.file import FileLocks

    locks = FileLocks(folder / "file")

    def step() -> None:
        lease = locks.acquire(KEY, RUN)
        locks.release(lease)  # type: ignore[arg-type]  # nobody else holds it

    return step


def _row(folder: Path) -> Callable[[], None]:
    from infra.locks.fenced import FencedLocks
    from infra.locks.file import FileLocks
    from infra.sql.connection import Database

    locks = FencedLocks(FileLocks(folder / "fenced"), Database(f"sqlite:///{folder / 'locks.db'}"))

    def step() -> None:
        lease = locks.acquire(KEY, RUN)
        locks.release(lease)  # type: ignore[arg-type]  # nobody else holds it

    return step


if __name__ == "__main__":
    main()
