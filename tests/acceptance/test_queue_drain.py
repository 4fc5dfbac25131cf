"""The processor is asked to leave: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_shop import events, gone_within
from queue_shop import DONE, QueueShop
from servers import KINDS, database

AT_WORK = "SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'"
FREE = Counter({("NEW", None): 1})


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QueueShop]:
    with database(request.param) as url:
        yield QueueShop(tmp_path / "shop", url=url)


@pytest.fixture
def small_shop(tmp_path: Path) -> QueueShop:
    return QueueShop(tmp_path / "shop")


def stopped(shop: QueueShop, *words: str, faults: str = "") -> subprocess.Popen[str]:
    """Start a processor, and stop it once it is at a message."""
    process = shop.begin(*words, faults=faults)
    shop.until(AT_WORK, "it is at work")
    process.send_signal(signal.SIGTERM)
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_a_stop_lets_the_running_message_finish_and_gives_back_the_others(
    shop: QueueShop, number: int, code: int
) -> None:
    shop.enqueue_marks("probe.send", 6, seconds=0.6)
    process = shop.begin("--workers=1")
    shop.until(AT_WORK, "it is at work")

    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == code, stderr
    assert shop.ends() == Counter({DONE: 1, ("NEW", None): 5})
    assert shop.query("SELECT SUM(attempts), SUM(give_backs) FROM queue") == [(1, 0)]
    assert gone_within(shop, 5) == set()
    shop.process_all()
    assert shop.marks() == list(range(6))


def test_a_stop_within_a_group_keeps_what_was_done_and_returns_the_attempts_of_the_rest(
    shop: QueueShop,
) -> None:
    shop.enqueue_marks("probe.count", 40)
    shop.process()  # so that the next batches are large
    shop.enqueue_marks("probe.count", 200, seconds=0.02)

    process = stopped(shop, "--workers=1")
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 143, stderr
    [(processed,)] = shop.query("SELECT COUNT(*) - 40 FROM queue WHERE status = 'PROCESSED'")
    assert 0 < processed < 200
    assert shop.query("SELECT DISTINCT attempts FROM queue WHERE status = 'NEW'") == [(0,)]
    shop.process_all()
    assert Counter(shop.marks()) == Counter([*range(40), *range(200)])


def test_what_does_not_finish_within_the_grace_is_killed_and_given_back(
    small_shop: QueueShop, tmp_path: Path
) -> None:
    hanging = {"mark": 1, "fault": "wait", "folder": str(tmp_path)}
    small_shop.enqueue("probe.dawdle", hanging)

    process = stopped(small_shop, faults="grace:3")
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 143, stderr
    assert small_shop.ends() == FREE
    assert small_shop.query("SELECT attempts, give_backs, rescues FROM queue") == [(0, 1, 0)]
    assert gone_within(small_shop, 5) == set()


def test_a_message_that_is_given_back_too_often_counts_an_attempt(
    small_shop: QueueShop, tmp_path: Path
) -> None:
    small_shop.limit(give_backs=0)
    hanging = {"mark": 1, "fault": "wait", "folder": str(tmp_path)}
    small_shop.enqueue("probe.dawdle", hanging)

    process = stopped(small_shop, faults="grace:3")
    process.communicate(timeout=60)

    assert small_shop.ends() == FREE
    [(attempts, error)] = small_shop.query("SELECT attempts, error FROM queue")
    assert attempts == 1
    assert "GivenBackTooOften" in error


def test_a_handler_that_looks_for_it_stops_at_its_own_checkpoint(small_shop: QueueShop) -> None:
    small_shop.enqueue("probe.dawdle", {"mark": 1, "fault": "heed"})

    began = time.monotonic()
    process = stopped(small_shop)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 143, stderr
    assert time.monotonic() - began < 30
    assert small_shop.ends() == FREE
    assert small_shop.marks() == []


def test_the_log_tells_what_was_done_before_the_stop(small_shop: QueueShop) -> None:
    small_shop.enqueue_marks("probe.send", 3, seconds=0.4)

    process = stopped(small_shop, "--workers=1")
    _, stderr = process.communicate(timeout=60)

    [left] = events(stderr, "queue.left")
    assert left["done"] == {"probe.send": {"processed": 1}}


def test_time_over_ends_the_run_with_the_messages_that_are_running(small_shop: QueueShop) -> None:
    small_shop.enqueue_marks("probe.send", 30, seconds=0.3)

    process = small_shop.begin("--workers=2", "--max-seconds=1", "--format=json")
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 0, stderr
    assert json.loads(stdout)["outcome"] == "succeeded"
    ends = small_shop.ends()
    assert set(ends) == {DONE, ("NEW", None)}
    assert small_shop.query("SELECT SUM(give_backs) FROM queue") == [(0,)]
