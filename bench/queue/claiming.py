"""What one claim costs over a large table.

Run: python -m bench.queue.claiming URL MOST_FINISHED
"""

from __future__ import annotations

import json
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from bench.queue import raw_stores
from bench.queue.filling import BUSY, DELAYED, FINISHED, PAUSED, QUEUE, WAITING, Filling, Rows
from bench.timing import WrongAnswer

from domain.queue.dao import Wanted
from infra.sql.connection import Database
from infra.sql.queue.dao import SqlQueueDAO

WAITING_SIZES = (1_000, 10_000, 100_000, 500_000)
BESIDE = 100_000
BATCH = 100

_CLAIMS = 15
_POLLS = 30
_MOST_POLLS = 2_000
_HISTORIES = (0, 1_000_000, 5_000_000)
_SETTLED = 50_000

Cells = dict[str, float]

_PLAN_WORDS = {
    "sqlite": "EXPLAIN QUERY PLAN ",
    "postgresql": "EXPLAIN (COSTS OFF) ",
    "mariadb": "EXPLAIN ",
}
_NODE = re.compile(r"(Scan|Sort|Join|Loop|Aggregate|Limit|Subquery|LockRows)\b")


class Claiming:
    """One database with its queue and a small table by hand, measured at the same moments."""

    def __init__(self, url: str) -> None:
        self.kind = urlsplit(url).scheme
        self.filling = Filling(url)
        self._dao = SqlQueueDAO(Database(url))
        self._hand = raw_stores.connect(url)
        self._hand.make()
        self._hand.bulk(WAITING_SIZES[0])

    def claims(self) -> tuple[float, float]:
        """Milliseconds of a claim of 100, ours and by hand; afterwards as many wait as before."""
        found = [(self._ours(), self._by_hand()) for _ in range(_CLAIMS)]
        ours, hand = zip(*found, strict=True)
        return median(ours), median(hand)

    def poll(self) -> float:
        """Milliseconds of a claim that finds nothing."""
        return median(_milliseconds(lambda: self._claim(0)) for _ in range(_POLLS))

    def search(self) -> tuple[int, float]:
        """Polls and milliseconds until something is found that stands behind all the rest."""
        began = time.perf_counter()
        polls = 1
        while not self._claimed():
            if polls == _MOST_POLLS:
                raise WrongAnswer(f"nothing found by {polls} polls")
            polls += 1
        took = (time.perf_counter() - began) * 1e3
        self._settle()
        return polls, took

    def plans(self) -> list[str]:
        """The steps of a claim's statements by the database's own word, each with its number."""
        steps: Counter[str] = Counter()
        driver = import_module(f"infra.sql.drivers.{self.kind}")
        execute = driver.execute
        seen: list[tuple[Any, str, Mapping[str, Any]]] = []

        def recording(connection: Any, statement: str, values: Mapping[str, Any]) -> Any:
            seen.append((connection, statement, values))
            return execute(connection, statement, values)

        driver.execute = recording
        try:
            self._claim(BATCH)
        finally:
            driver.execute = execute
        for connection, statement, values in seen:
            asked = execute(connection, _PLAN_WORDS[self.kind] + statement, values)
            steps.update(filter(None, map(self._step, asked.fetchall())))
        self._settle()
        return [f"{number} x {step}" for step, number in steps.items()]

    def _step(self, row: Mapping[str, Any]) -> str:
        if self.kind == "sqlite":
            return str(row["detail"])
        if self.kind == "postgresql":
            line = str(row["QUERY PLAN"]).strip(" ->")
            return line if _NODE.search(line) else ""
        table = re.sub(r"\d+", "N", row["table"] or "no table")
        return f"{table}: {row['type']}, key {row['key']}, {row['Extra'] or ''}"

    def _ours(self) -> float:
        taken = _milliseconds(lambda: self._claim(BATCH))
        self._settle()
        self.filling.add(WAITING, BATCH)
        return taken

    def _claim(self, expected: int) -> None:
        if (claimed := self._claimed()) != expected:
            raise WrongAnswer(f"{claimed} messages claimed, not {expected}")

    def _claimed(self) -> int:
        self._run = str(uuid.uuid4())
        return len(self._dao.claim(Wanted(queue=QUEUE), self._run, BATCH))

    def _settle(self) -> None:
        self.filling.settle(f"run_id = '{self._run}' AND phase = 2 AND queue = '{QUEUE}'")

    def _by_hand(self) -> float:
        claimed: Sequence[int] = ()

        def claim() -> None:
            nonlocal claimed
            claimed = self._hand.claim()

        taken = _milliseconds(claim)
        self._hand.finish_all(claimed)
        self._hand.insert_many(BATCH)
        return taken


def _milliseconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1e3


# --- the scenes -------------------------------------------------------------------------------


def measured(url: str, most_finished: int) -> tuple[dict[str, Cells], list[str]]:
    """Every scene's cells in milliseconds, and the plans over the largest backlog."""
    claiming, plans = Claiming(url), list[str]()
    found: dict[str, Cells] = {}
    for finished in (count for count in _HISTORIES if count <= most_finished):
        found[f"{finished:,} finished"] = _over_history(claiming, finished)
        plans = claiming.plans()
    for name, rows in {"delayed": DELAYED, "of a paused type": PAUSED}.items():
        found[f"{BESIDE:,} {name} beside"] = _beside(claiming, rows)
    found[f"{BESIDE:,} of one entity key beside, one of them in flight"] = _behind_one(claiming)
    found[f"{_SETTLED:,} just processed, not vacuumed"] = _after_a_burst(claiming)
    claiming.filling.tidy()
    found["the same, vacuumed"] = _cells(claiming, WAITING_SIZES[0])
    return found, plans


def _over_history(claiming: Claiming, finished: int) -> Cells:
    filling = claiming.filling
    filling.empty()
    filling.add(FINISHED, finished)
    filling.tidy()
    cells, there = {"poll": claiming.poll()}, 0
    for size in WAITING_SIZES:
        filling.add(WAITING, size - there)
        filling.tidy()
        there = size
        cells |= _cells(claiming, size)
    return cells


def _beside(claiming: Claiming, rows: Rows) -> Cells:
    filling = claiming.filling
    filling.empty()
    filling.add(rows, BESIDE)
    filling.pause(PAUSED.type_.strip("'"))
    filling.tidy()
    return _with_few(claiming)


def _behind_one(claiming: Claiming) -> Cells:
    filling = claiming.filling
    filling.empty()
    filling.add(BUSY, 1)
    filling.take(f"queue = '{QUEUE}'")
    filling.add(BUSY, BESIDE)
    filling.tidy()
    cells = {"poll": claiming.poll()}
    filling.add(WAITING, WAITING_SIZES[0])
    polls, milliseconds = claiming.search()
    return cells | {"polls": polls, "found": milliseconds}


def _after_a_burst(claiming: Claiming) -> Cells:
    filling = claiming.filling
    filling.empty()
    filling.leave_untidy()
    filling.add(WAITING, _SETTLED)
    filling.tidy()
    filling.take(f"queue = '{QUEUE}'")
    filling.settle(f"queue = '{QUEUE}'")
    return _with_few(claiming)


def _with_few(claiming: Claiming) -> Cells:
    cells = {"poll": claiming.poll()}
    claiming.filling.add(WAITING, WAITING_SIZES[0])
    return cells | _cells(claiming, WAITING_SIZES[0])


def _cells(claiming: Claiming, size: int) -> Cells:
    ours, hand = claiming.claims()
    print(f"  {claiming.kind} {size:,}: {ours:.2f} ms, by hand {hand:.2f}", file=sys.stderr)
    return {str(size): ours, f"hand {size}": hand}


def main() -> None:
    found, plans = measured(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"cells": found, "plans": plans}))


if __name__ == "__main__":
    main()
