"""Eight workers of four processors on one queue, killed, frozen and thawed at random."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from acceptance.test_queue_kills import PATIENT, SHORT, enqueue_mixed, family_of
from private_shop import gone_within
from queue_shop import DONE, QueueShop, parent_of_workers, workers_of
from servers import database

PROCESSORS = 4
BEAT_SECONDS = 0.3


class Race:
    """Processors, each under a lock of its own as on a host of its own, and what befalls them."""

    def __init__(self, shop: QueueShop) -> None:
        self.shop = shop
        self._dice = random.Random(20261121)  # noqa: S311 - a schedule of faults, not a secret
        self._running: dict[int, subprocess.Popen[str]] = {}
        self._frozen: dict[int, float] = {}
        self.faults: Counter[str] = Counter()

    def run(self) -> None:
        while self.shop.unended():
            self._start_missing()
            self._one_fault()
            self._thaw()
            time.sleep(BEAT_SECONDS)
        self._thaw(all_of_them=True)
        for process in self._running.values():
            process.communicate(timeout=60)

    def _start_missing(self) -> None:
        for number in range(PROCESSORS):
            process = self._running.get(number)
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                process.communicate(timeout=60)
            self._running[number] = self.shop.begin(
                "--workers=2", "--stop-when-empty", faults=f"lock:host-{number}"
            )

    def _one_fault(self) -> None:
        process = self._running[self._dice.randrange(PROCESSORS)]
        family = family_of(process)
        workers = family[3:]
        chance = self._dice.random()
        if chance < 0.15 and workers:
            self._signal("killed a worker", self._dice.choice(workers), signal.SIGKILL)
        elif chance < 0.18 and len(family) > 2:
            self._signal("killed a parent", family[2], signal.SIGKILL)
        elif chance < 0.20:
            self._signal("killed a supervisor", process.pid, signal.SIGKILL)
        elif chance < 0.35 and workers:
            self._freeze("froze a worker", [self._dice.choice(workers)])
        elif chance < 0.38 and workers:
            self._freeze("froze a parent and its workers", family[2:])

    def _freeze(self, what: str, pids: list[int]) -> None:
        until = time.monotonic() + self._dice.uniform(0.1, 2 * SHORT["lease_seconds"])
        for pid in pids:
            self._signal(what, pid, signal.SIGSTOP)
            self._frozen[pid] = until

    def _thaw(self, *, all_of_them: bool = False) -> None:
        for pid, until in list(self._frozen.items()):
            if all_of_them or time.monotonic() >= until:
                self._signal("thawed", pid, signal.SIGCONT)
                del self._frozen[pid]

    def _signal(self, what: str, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            self.faults[what] += 1


def freeze_one_for_longer_than_its_lease(shop: QueueShop) -> None:
    """See the guard fire for sure: others process what a frozen worker wakes up with."""
    sleeper = shop.begin("--workers=1", "--stop-when-empty", faults="lock:sleeper")
    shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'", "it is at work")
    worker, parent = _pids(sleeper)
    for pid in (parent, worker):
        os.kill(pid, signal.SIGSTOP)
    shop.process_all()
    for pid in (worker, parent):
        os.kill(pid, signal.SIGCONT)
    sleeper.communicate(timeout=60)


def _pids(sleeper: subprocess.Popen[str]) -> tuple[int, int]:
    """Find worker and parent; what is at work may be a dead run's, and this one still starting."""
    while sleeper.poll() is None:
        with suppress(ValueError):
            [worker] = workers_of(sleeper)
            return worker, parent_of_workers(sleeper)
        time.sleep(0.01)
    raise AssertionError("the sleeper ended before it could be frozen")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kind", "count"), [("sqlite", 5_000), ("postgresql", 20_000), ("mariadb", 5_000)]
)
def test_a_race_of_eight_workers_processes_every_message_once(
    tmp_path: Path, kind: str, count: int
) -> None:
    with database(kind) as url:
        shop = QueueShop(tmp_path / "shop", url=url, **SHORT)
        shop.enqueue("probe.send", {"mark": -1, "seconds": 1.5}, **PATIENT)
        freeze_one_for_longer_than_its_lease(shop)
        enqueue_mixed(shop, count)
        race = Race(shop)

        race.run()

        assert gone_within(shop, 10) == set()
        assert shop.ends() == Counter({DONE: count + 1}), race.faults
        assert shop.marks() == list(range(-1, count))
        assert race.faults["killed a worker"] > 0
        [(fired,)] = shop.query("SELECT value FROM queue_counter WHERE name = 'stale_settles'")
        assert fired >= 1
