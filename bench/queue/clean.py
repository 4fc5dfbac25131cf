"""Deleting finished messages: cron:queue:clean against bare batched DELETEs by key range."""

from __future__ import annotations

import json
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
_CLEAN = (CONSOLE, "cron:queue:clean", "--force", "--reason=bench", "--format=json")


@dataclass(frozen=True)
class _Run:
    """A whole process from its start to its end, and the longest time it held its locks."""

    seconds: float
    lock_ms: float


def report(folder: Path, runs: int, rows: int = ROWS) -> Table:
    """Fill, delete by hand, fill, delete by the job, in turn on each database."""
    found: dict[tuple[str, str], list[_Run]] = {}
    with databases(folder) as urls:
        for number in range(runs):
            for kind, url in urls.items():
                for name, measure in (("raw", _raw), ("ours", _ours)):
                    _rows("fill", url, str(rows))
                    one = measure(url, rows)
                    found.setdefault((kind, name), []).append(one)
                    told = f"{one.seconds:.1f} s, lock {one.lock_ms:.0f} ms"
                    print(f"  {number + 1} {kind} {name}: {told}", file=sys.stderr)
    return _table(found, rows)


def _raw(url: str, _rows_there: int) -> _Run:
    began = time.perf_counter()
    longest = float(_rows("raw", url))
    return _Run(time.perf_counter() - began, longest)


def _ours(url: str, rows: int) -> _Run:
    began = time.perf_counter()
    answer = json.loads(run(_CLEAN, {"DATABASE_URL": url}))
    seconds = time.perf_counter() - began
    if answer["items"]["processed"] != rows:
        raise WrongAnswer(f"{answer['items']} of {rows} rows")
    lock = answer["notes"][0].rpartition(" for ")[2].removesuffix(" ms")
    return _Run(seconds, float(lock))


def _rows(*words: str) -> str:
    return run([PYTHON, "-m", "bench.queue.clean_rows", *words], LIBRARIES)


def _table(found: Mapping[tuple[str, str], list[_Run]], rows: int) -> Table:
    made = Table(f"{rows:,} finished messages deleted", _COLUMNS)
    for kind in KINDS:
        raw, ours = found[kind, "raw"], found[kind, "ours"]
        ratio = median(a.seconds / b.seconds for a, b in zip(ours, raw, strict=True))
        seconds, lock = median(r.seconds for r in ours), max(r.lock_ms for r in ours)
        by_hand = median(r.seconds for r in raw), max(r.lock_ms for r in raw)
        name = f"{NAMES[kind]}, by hand: DELETE of 5,000 ids"
        made.add(name, f"{by_hand[0]:.1f}", "1.00", "", f"{by_hand[1]:.0f}", "", "")
        made.add(
            f"{NAMES[kind]}, cron:queue:clean",
            f"{seconds:.1f}",
            f"{ratio:.2f}",
            against(ratio, _TIMES_RAW),
            f"{lock:.0f}",
            against(lock, _LOCK_MS),
            against(seconds, _SQLITE_SECONDS) if kind == "sqlite" else "",
        )
    return made
