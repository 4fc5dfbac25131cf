"""One firing, one run: whoever starts it how often from wherever."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from private_shop import IMPORT, Shop, events

ONE = (IMPORT, "--supplier=1")
STARTS = 200


def minutes_ago(count: float) -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=count):%Y-%m-%dT%H:%M:00Z}"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.add_supplier(1)
    shop.deliver(1, [("A-1", 4, "49,90"), ("A-2", 0, "51,00")])
    return shop


@pytest.mark.timeout(280)
def test_of_two_hundred_starts_of_one_firing_exactly_one_works(shop: Shop) -> None:
    slot = f"--scheduled-at={minutes_ago(1)}"

    started = [shop.start(*ONE, slot) for _ in range(STARTS)]
    ended = [process.communicate(timeout=240) for process in started]

    assert {process.returncode for process in started} == {0}
    assert not [stderr for _, stderr in ended if "Traceback" in stderr or "defect" in stderr]
    rows = shop.query("SELECT outcome, message FROM cron_run")
    assert Counter(outcome for outcome, _ in rows) == {
        "succeeded": 1,
        "skipped_duplicate": STARTS - 1,
    }
    assert all("by run" in message for outcome, message in rows if outcome == "skipped_duplicate")
    assert shop.query("SELECT COUNT(*) FROM import_run") == [(1,)]
    for _, stderr in ended:
        assert len(events(stderr, "run.started")) == len(events(stderr, "run.finished")) == 1


def test_a_settled_firing_runs_again_only_with_a_reason(shop: Shop) -> None:
    slot = f"--scheduled-at={minutes_ago(1)}"
    assert "succeeded" in shop.console(*ONE, slot).stdout

    assert "skipped_duplicate" in shop.console(*ONE, slot).stdout
    refused = shop.console(*ONE, slot, "--again")
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (2, "--again needs a --reason")
    again = shop.console(*ONE, slot, "--again", "--reason=checked by hand")
    assert again.returncode == 0
    assert "empty" in again.stdout


def test_a_failed_firing_may_be_run_again(shop: Shop) -> None:
    slot = f"--scheduled-at={minutes_ago(1)}"
    file = shop.deliver(1, [("A-1", 1, "1,00")])
    good = file.read_text(encoding="utf-8")
    file.write_text("nonsense\n", encoding="utf-8")
    assert shop.console(*ONE, slot).returncode == 70
    file.write_text(good, encoding="utf-8")

    assert "succeeded" in shop.console(*ONE, slot).stdout


def test_a_firing_from_long_ago_is_caught_up_once_and_older_ones_are_late(shop: Shop) -> None:
    newest, older = minutes_ago(200), minutes_ago(400)

    assert "succeeded" in shop.console(*ONE, f"--scheduled-at={newest}").stdout
    assert "skipped_late" in shop.console(*ONE, f"--scheduled-at={older}").stdout


def test_a_firing_in_the_future_is_a_typing_error(shop: Shop) -> None:
    answer = shop.console(*ONE, f"--scheduled-at={minutes_ago(-60)}")

    assert answer.returncode == 2
    assert "future" in answer.stderr


def test_a_kubernetes_job_name_names_the_firing(shop: Shop) -> None:
    minute = int(datetime.now(UTC).timestamp()) // 60
    environment = {"CRON_TRIGGER": "schedule", "CRON_SCHEDULER_RUN_ID": f"cr-010-{minute}"}

    assert "succeeded" in shop.console(*ONE, **environment).stdout
    assert "skipped_duplicate" in shop.console(*ONE, **environment).stdout
    (slot,) = shop.query("SELECT instant FROM cron_slot")[0]
    assert datetime.fromisoformat(slot).timestamp() == minute * 60


def test_firings_that_nobody_started_are_written_down_as_missed(shop: Shop) -> None:
    hour = datetime.now(UTC).replace(minute=37, second=0, microsecond=0) - timedelta(hours=1)
    every = (IMPORT, "--all")
    shop.console(*every, f"--scheduled-at={hour - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")

    late = shop.console(*every, f"--scheduled-at={hour:%Y-%m-%dT%H:%M:%SZ}")

    missed = shop.query("SELECT instant FROM cron_slot WHERE outcome = 'missed' ORDER BY 1")
    assert len(missed) == 3
    assert events(late.stderr, "slot.missed")[0]["count"] == 3


def test_a_start_by_hand_is_no_firing(shop: Shop) -> None:
    assert shop.console(*ONE).returncode == 0
    assert shop.console(*ONE).returncode == 0

    assert shop.query("SELECT COUNT(*) FROM cron_slot") == [(0,)]
    assert {run["outcome"] for run in shop.runs()} == {"succeeded", "empty"}
