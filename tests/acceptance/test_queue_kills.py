"""Whoever dies whenever: every message is processed, its local effects once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_shop import children_of, gone_within, kill
from queue_shop import DONE, QueueShop
from servers import KINDS, database

SHORT = {"lease_seconds": 2, "heartbeat_seconds": 0.5, "rescues": 1000}
PATIENT = {"max_attempts": 1000}
MIXED = ("probe.count", "probe.send")


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QueueShop]:
    with database(request.param) as url:
        yield QueueShop(tmp_path / "shop", url=url, **SHORT)


def enqueue_mixed(shop: QueueShop, count: int) -> None:
    for mark in range(0, count, 20):
        payloads = [{"mark": mark + place} for place in range(20)]
        shop.enqueue(MIXED[mark // 20 % 2], *payloads, **PATIENT)


def family_of(process: subprocess.Popen[str]) -> list[int]:
    """Give supervisor, warden, the workers' parent and the workers, as far as they live."""
    found = [process.pid]
    for pid in found:
        found += children_of(pid)
    return found


@pytest.mark.parametrize("number", range(1, 6))
def test_killed_at_a_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    shop: QueueShop, number: int
) -> None:
    enqueue_mixed(shop, 400)

    killed = shop.begin("--stop-when-empty", faults=f"kill:{number}")
    killed.communicate(timeout=60)
    shop.process_all()

    assert shop.ends() == Counter({DONE: 400})
    assert shop.marks() == list(range(400))
    assert gone_within(shop, 5) == set()


@pytest.mark.timeout(280)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(shop: QueueShop) -> None:
    dice = random.Random(20261121)  # noqa: S311 - a repeatable schedule of kills, not a secret

    for number in range(12):
        enqueue_mixed(shop, 200)
        process = shop.begin("--stop-when-empty", faults=f"lock:start-{number}")
        shop.until(f"SELECT COUNT(*) > {200 * number} FROM queue WHERE status <> 'NEW'", "it works")  # noqa: S608 - a number
        time.sleep(dice.uniform(0, 0.3))
        living = family_of(process)
        victims = {0: living[:1], 1: living[2:3], 2: living[-1:], 3: living}[number % 4]
        kill(victims)
        process.communicate(timeout=60)
        assert gone_within(shop, 5) == set(), f"orphans after kill {number}"

    shop.process_all()
    assert shop.ends() == Counter({DONE: 12 * 200})
    assert shop.marks() == sorted([*range(200)] * 12)


def test_a_death_in_the_middle_of_a_group_condemns_the_one_message_only(shop: QueueShop) -> None:
    shop.limit(rescues=3)
    marks = [{"mark": mark, "fault": "die" if mark == 150 else "none"} for mark in range(200)]
    shop.enqueue("probe.misbehave", *marks)

    done = shop.process("--workers=1", "--max-seconds=30")

    assert done.returncode == 4, done.stderr
    assert shop.ends() == Counter({DONE: 199, ("CRASH", "poison"): 1})
    assert shop.marks() == [mark for mark in range(200) if mark != 150]
    [(rescued, returned)] = shop.query(
        "SELECT SUM(rescues), SUM(give_backs) FROM queue WHERE status = 'PROCESSED'"
    )
    assert rescued == 0
    assert returned >= 1, "it died within a group"


def test_a_killed_parent_takes_its_workers_along_within_a_blink(shop: QueueShop) -> None:
    shop.enqueue_marks("probe.send", 2, seconds=20)
    process = shop.begin("--stop-when-empty")
    shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'", "it is at work")
    [warden] = children_of(process.pid)
    [parent] = children_of(warden)

    os.kill(parent, signal.SIGKILL)
    process.communicate(timeout=60)

    assert process.returncode == 70
    assert gone_within(shop, 5) == set()
