"""CR-006 as it is typed: what becomes of messages, good and bad, on the three databases."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.queue.job import Direction
from private_shop import events
from queue_shop import DONE, QueueShop, parent_of_workers, workers_of
from servers import KINDS, database
from supervised.play import living

CRASHED = "CRASH"


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QueueShop]:
    with database(request.param) as url:
        yield QueueShop(tmp_path / "shop", url=url)


@pytest.fixture
def small_shop(tmp_path: Path) -> QueueShop:
    return QueueShop(tmp_path / "shop")


@pytest.mark.parametrize("type_", ["probe.count", "probe.send"])
def test_every_message_is_processed_once_and_summed_up_by_type(shop: QueueShop, type_: str) -> None:
    shop.enqueue_marks(type_, 250)

    done = shop.process("--format=json")

    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"]) == (0, "succeeded")
    assert shop.marks() == list(range(250))
    assert shop.ends() == Counter({DONE: 250})
    processed = {unit["unit"]: unit["counts"]["processed"] for unit in result["units"]}
    assert processed == {"general": 250, type_: 250}


def test_the_second_processor_finds_nothing_to_do(small_shop: QueueShop) -> None:
    small_shop.enqueue_marks("probe.count", 5)
    small_shop.process()

    again = small_shop.process("--format=json")

    assert (again.returncode, json.loads(again.stdout)["outcome"]) == (0, "empty")
    assert small_shop.marks() == list(range(5))


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        ("refuse", "permanent", 1),
        ("break", "permanent", 1),
        ("exit", "permanent", 1),
        ("retry", "exhausted", 3),
        ("die", "poison", 3),
    ],
)
def test_a_failing_message_ends_crashed_with_its_evidence_and_its_neighbours_are_processed(
    shop: QueueShop, fault: str, reason: str, attempts: int
) -> None:
    said = {
        "refuse": "Refused: no such article",
        "break": "ValueError: a defect",
        "exit": "SystemExit: 3",
        "retry": "Retryable: the partner is away",
        "die": "killed by SIGKILL",
    }
    shop.enqueue("probe.misbehave", {"mark": -1, "fault": fault}, priority=0)
    shop.enqueue_marks("probe.count", 20)

    done = shop.process("--format=json", "--max-seconds=20")

    assert done.returncode == 4, done.stderr
    assert json.loads(done.stdout)["outcome"] == "partial"
    assert shop.marks() == list(range(20))
    assert shop.ends() == Counter({DONE: 20, (CRASHED, reason): 1})
    [(error, counted)] = shop.query("SELECT error, attempts FROM queue WHERE status = 'CRASH'")
    assert said[fault] in error
    assert counted == attempts


@pytest.mark.parametrize(
    ("type_", "payload", "said"),
    [
        ("probe.count", {"mark": "no number"}, "mark"),
        ("probe.count", {}, "mark"),
        ("probe.unheard", {"mark": 1}, "no message type is called probe.unheard"),
    ],
)
def test_what_nobody_can_read_crashes_as_invalid_and_says_why(
    shop: QueueShop, type_: str, payload: dict[str, Any], said: str
) -> None:
    shop.enqueue(type_, payload)
    shop.enqueue_marks("probe.count", 2)

    done = shop.process()

    assert done.returncode == 4
    assert shop.ends() == Counter({DONE: 2, (CRASHED, "invalid"): 1})
    assert said in shop.query("SELECT error FROM queue WHERE status = 'CRASH'")[0][0]


def test_a_type_that_cannot_be_loaded_crashes_its_own_messages_only(small_shop: QueueShop) -> None:
    small_shop.enqueue("probe.broken", {"mark": 1}, priority=0)
    small_shop.enqueue_marks("probe.count", 3)

    done = small_shop.process()

    assert done.returncode == 4, done.stderr
    assert small_shop.ends() == Counter({DONE: 3, (CRASHED, "permanent"): 1})
    assert "ModuleNotFoundError" in done.stdout


def test_a_handler_over_its_limit_is_killed_with_all_it_started(
    small_shop: QueueShop, tmp_path: Path
) -> None:
    hanging = {"mark": 1, "fault": "hang", "folder": str(tmp_path)}
    small_shop.enqueue("probe.misbehave", hanging, max_attempts=1)
    small_shop.enqueue_marks("probe.count", 3)

    done = small_shop.process()

    assert done.returncode == 4
    assert small_shop.ends() == Counter({DONE: 3, (CRASHED, "exhausted"): 1})
    assert "OverLimit" in small_shop.query("SELECT error FROM queue WHERE status = 'CRASH'")[0][0]
    assert living((tmp_path / "hanging").read_text()) == []
    assert "queue_probes.py" in done.stderr, "it shows where it hung"


def test_a_second_processor_of_the_queue_starts_no_work(small_shop: QueueShop) -> None:
    small_shop.enqueue("probe.send", {"mark": 1, "seconds": 2.0})
    first = small_shop.begin("--stop-when-empty", "--format=json")
    small_shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'", "it is at work")
    small_shop.enqueue_marks("probe.count", 3)

    second = small_shop.process("--format=json")

    assert (second.returncode, json.loads(second.stdout)["outcome"]) == (0, "skipped_locked")
    stdout, stderr = first.communicate(timeout=60)
    assert first.returncode == 0, stderr
    assert small_shop.ends() == Counter({DONE: 4})
    run_id = json.loads(stdout)["run"]
    assert small_shop.query("SELECT DISTINCT run_id FROM queue") == [(run_id,)]


def test_messages_of_one_entity_are_done_one_after_the_other(small_shop: QueueShop) -> None:
    for mark in range(12):
        payload = {"mark": mark, "seconds": 0.01}
        small_shop.enqueue("probe.send", payload, entity_key=f"article:{mark % 2}")

    done = small_shop.process("--workers=4")

    assert done.returncode == 0, done.stderr
    order = [mark for (mark,) in small_shop.query("SELECT mark FROM probe_effect")]
    for entity in range(2):
        own = [mark for mark in order if mark % 2 == entity]
        assert own == sorted(own)


def test_what_waited_for_hours_goes_before_what_is_more_urgent(small_shop: QueueShop) -> None:
    small_shop.enqueue("probe.send", {"mark": 2}, priority=0)
    small_shop.enqueue("probe.send", {"mark": 1}, priority=5)
    hours = 6 * 3600 * 10**6
    small_shop.execute(f"UPDATE queue SET available_at = available_at - {hours} WHERE priority = 5")  # noqa: S608 - a number

    small_shop.process("--workers=1")

    assert small_shop.query("SELECT mark FROM probe_effect") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("words", "marks"),
    [
        ("--direction=incoming", [0, 2]),
        ("--direction=outgoing", [1]),
        ("--type=probe.send", [2]),
        ("--type=probe.send --type=probe.count", [0, 1, 2]),
        ("--max-jobs=1 --workers=1", [0]),
    ],
)
def test_a_processor_takes_what_it_was_asked_to_take(
    small_shop: QueueShop, words: str, marks: list[int]
) -> None:
    small_shop.enqueue("probe.count", {"mark": 0}, priority=0)
    small_shop.enqueue("probe.count", {"mark": 1}, direction=Direction.OUTGOING)
    small_shop.enqueue("probe.send", {"mark": 2}, priority=1)

    done = small_shop.process(*words.split())

    assert done.returncode == 0, done.stderr
    assert small_shop.marks() == marks


def test_a_dry_run_says_what_would_be_claimed_and_writes_nothing(shop: QueueShop) -> None:
    shop.enqueue_marks("probe.count", 3)
    shop.enqueue("probe.send", {"mark": 9}, direction=Direction.OUTGOING)
    before = shop.query("SELECT * FROM queue ORDER BY id")

    done = shop.process("--dry-run")

    assert done.returncode == 0, done.stderr
    assert "3 incoming probe.count: would be claimed" in done.stdout
    assert "1 outgoing probe.send: would be claimed" in done.stdout
    assert shop.query("SELECT * FROM queue ORDER BY id") == before
    assert shop.marks() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--force-restart", "--force-restart needs a --reason"),
        ("--including-live", "--including-live needs --force-restart"),
        ("--workers=0", "--workers"),
        ("--max-seconds=900", "--max-seconds"),
        ("--max-seconds=nan", "--max-seconds"),
        ("--direction=sideways", "--direction"),
    ],
)
def test_odd_words_are_refused(small_shop: QueueShop, words: str, said: str) -> None:
    done = small_shop.process(words)

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [("--queue=elsewhere", "elsewhere"), ("--type=probe.unheard", "probe.unheard")],
)
def test_a_queue_or_type_that_nobody_declared_is_refused(
    small_shop: QueueShop, words: str, said: str
) -> None:
    done = small_shop.process(words)

    assert done.returncode == 78
    assert said in done.stdout


def test_a_forced_restart_puts_back_what_a_silent_holder_left(shop: QueueShop) -> None:
    shop.enqueue_marks("probe.send", 2)
    shop.execute(
        "UPDATE queue SET status = 'PROCESSING', attempts = 1, claim_no = 7, run_id = 'gone'"
    )

    done = shop.process("--force-restart", "--reason=host shop-2 is off")

    assert done.returncode == 0, done.stderr
    assert shop.marks() == [0, 1]
    [restarted] = events(done.stderr, "queue.restarted")
    assert restarted["reason"] == "host shop-2 is off"
    assert shop.query("SELECT MIN(attempts), MIN(claim_no) FROM queue") == [(2, 9)]


def test_a_paused_worker_cannot_settle_what_was_restarted_meanwhile(shop: QueueShop) -> None:
    shop.enqueue("probe.send", {"mark": 1, "seconds": 0.5})
    process = shop.begin("--workers=1", "--stop-when-empty", "--format=json")
    shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'", "it is at work")
    [worker], parent = workers_of(process), parent_of_workers(process)
    for pid in (parent, worker):
        os.kill(pid, signal.SIGSTOP)
    shop.execute(
        "UPDATE queue SET status = 'NEW', run_id = NULL, lease_until = NULL,"
        " claim_no = claim_no + 1"
    )

    for pid in (worker, parent):
        os.kill(pid, signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 0, stderr
    assert json.loads(stdout)["units"][1]["counts"] == {"lost": 1, "processed": 1}
    assert shop.marks() == [1]
    assert shop.query("SELECT status, attempts, claim_no FROM queue") == [("PROCESSED", 2, 3)]


@pytest.mark.parametrize("live", [False, True])
def test_a_forced_restart_takes_from_the_living_only_what_it_is_told_to(
    small_shop: QueueShop, *, live: bool
) -> None:
    small_shop.enqueue_marks("probe.count", 1)
    small_shop.execute(
        "UPDATE queue SET status = 'PROCESSING', attempts = 1, claim_no = 1, run_id = 'other',"
        " lease_until = available_at + 3600000000"
    )
    words = ["--force-restart", "--reason=it hangs", *(["--including-live"] if live else [])]

    done = small_shop.process(*words)

    assert done.returncode == 0, done.stderr
    assert small_shop.marks() == ([0] if live else [])


def test_a_handler_s_log_lines_carry_its_message_s_correlation_and_the_run_s_own_id(
    small_shop: QueueShop,
) -> None:
    small_shop.enqueue("probe.dawdle", {"mark": 1, "fault": "say"}, correlation_id="order-4711")

    done = small_shop.process("--format=json")

    [line] = events(done.stderr, "probe.said")
    assert (line["correlation_id"], line["key"], line["attempt"]) == ("order-4711", "msg:1", 1)
    assert line["run_id"] == json.loads(done.stdout)["run"]


@pytest.mark.parametrize("type_", ["probe.count", "probe.send"])
def test_without_a_fork_it_processes_in_one_process_for_a_debugger(
    small_shop: QueueShop, type_: str
) -> None:
    small_shop.enqueue_marks(type_, 30)

    done = small_shop.process("--no-fork")

    assert done.returncode == 0, done.stderr
    assert small_shop.marks() == list(range(30))
    assert len(small_shop.query("SELECT DISTINCT pid FROM probe_effect")) == 1


def test_every_move_is_counted_for_the_metrics(small_shop: QueueShop) -> None:
    small_shop.enqueue_marks("probe.count", 30)
    small_shop.enqueue("probe.misbehave", {"mark": 1, "fault": "refuse"})

    small_shop.process()

    counters = dict(small_shop.query("SELECT name, value FROM queue_counter"))
    assert {name: value for name, value in counters.items() if value} == {
        "to:IN_QUEUE": 31,
        "to:PROCESSING": 31,
        "to:PROCESSED": 30,
        "to:CRASH": 1,
    }


def test_a_paused_type_is_left_and_the_others_are_processed(small_shop: QueueShop) -> None:
    small_shop.enqueue_marks("probe.count", 2)
    small_shop.enqueue("probe.send", {"mark": 9})
    paused = small_shop.console("queue:pause", "general", "--type=probe.send", "--reason=partner")
    assert paused.returncode == 0, paused.stderr

    done = small_shop.process()

    assert done.returncode == 0, done.stderr
    assert small_shop.marks() == [0, 1]
    assert "1 incoming probe.send: left: paused" in small_shop.process("--dry-run").stdout
