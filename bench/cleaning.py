"""What deletes old rows (CR-005, 007, 011) against bare batched DELETEs by key range."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, LIBRARIES, NAMES, databases
from bench.table import Table, against
from bench.timing import CONSOLE, PYTHON, WrongAnswer, run

ROWS = 1_000_000

_TIMES_RAW, _LOCK_MS, _SQLITE_SECONDS = 2, 100, 10
_COLUMNS = ("", "seconds", "x raw", "bar", "longest lock ms", "bar", "seconds within 10")
_LOCKS = re.compile(r"locks for (\d+) ms")


@dataclass(frozen=True)
class Cleaner:
    """A job that empties a table; ``counted`` is what its result calls the rows."""

    table: str
    title: str
    words: tuple[str, ...]
    counted: str

    @property
    def argv(self) -> tuple[str, ...]:
        return (CONSOLE, *self.words, "--force", "--reason=bench", "--format=json")


QUEUE = Cleaner("queue", "finished messages", ("cron:queue:clean",), "processed")
LOG = Cleaner("log_update", "old log rows", ("cron:logs:clean",), "deleted")
CACHE = Cleaner(
    "article_search_cache",
    "stale cache entries",
    ("cron:system:clean-data", "--only=article-search-cache"),
    "deleted",
)


@dataclass(frozen=True)
class _Run:
    """A whole process from its start to its end, and the longest time it held its locks."""

    seconds: float
    lock_ms: float


def report(folder: Path, runs: int, cleaner: Cleaner, rows: int = ROWS) -> Table:
    """Fill, delete by hand, fill, delete by the job, in turn on each database."""
    found: dict[tuple[str, str], list[_Run]] = {}
    with databases(folder) as urls:
        for number in range(runs):
            for kind, url in urls.items():
                for name, measure in (("raw", _raw), ("ours", _ours)):
                    _rows("fill", cleaner, url, str(rows))
                    one = measure(url, rows, cleaner)
                    found.setdefault((kind, name), []).append(one)
                    told = f"{one.seconds:.1f} s, lock {one.lock_ms:.0f} ms"
                    print(f"  {number + 1} {kind} {name}: {told}", file=sys.stderr)
    return _table(found, rows, cleaner)


def _raw(url: str, _rows_there: int, cleaner: Cleaner) -> _Run:
    began = time.perf_counter()
    longest = float(_rows("raw", cleaner, url))
    return _Run(time.perf_counter() - began, longest)


def _ours(url: str, rows: int, cleaner: Cleaner) -> _Run:
    began = time.perf_counter()
    told = run(cleaner.argv, {"DATABASE_URL": url})
    seconds = time.perf_counter() - began
    items = json.loads(told)["items"]
    if items[cleaner.counted] != rows:
        raise WrongAnswer(f"{items} of {rows} rows")
    locks = _LOCKS.search(told)
    return _Run(seconds, float(locks[1]) if locks else 0.0)


def _rows(step: str, cleaner: Cleaner, *words: str) -> str:
    argv = [PYTHON, "-m", "bench.cleaning_rows", step, cleaner.table, *words]
    return run(argv, LIBRARIES)


def _table(found: Mapping[tuple[str, str], list[_Run]], rows: int, cleaner: Cleaner) -> Table:
    made = Table(f"{rows:,} {cleaner.title} deleted", _COLUMNS)
    for kind in KINDS:
        raw, ours = found[kind, "raw"], found[kind, "ours"]
        ratio = median(a.seconds / b.seconds for a, b in zip(ours, raw, strict=True))
        seconds, lock = median(r.seconds for r in ours), max(r.lock_ms for r in ours)
        by_hand = median(r.seconds for r in raw), max(r.lock_ms for r in raw)
        name = f"{NAMES[kind]}, by hand: DELETE of 5,000 ids"
        made.add(name, f"{by_hand[0]:.1f}", "1.00", "", f"{by_hand[1]:.0f}", "", "")
        made.add(
            f"{NAMES[kind]}, {cleaner.words[0]}",
            f"{seconds:.1f}",
            f"{ratio:.2f}",
            against(ratio, _TIMES_RAW),
            f"{lock:.0f}",
            against(lock, _LOCK_MS),
            against(seconds, _SQLITE_SECONDS) if kind == "sqlite" else "",
        )
    return made
