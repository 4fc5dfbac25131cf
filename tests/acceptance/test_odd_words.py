"""Odd words, odd surroundings: the exit code and the ledger stay true."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from private_shop import CONSOLE, IMPORT, Shop, events

ONE = (IMPORT, "--supplier=1")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.add_supplier(1)
    shop.deliver(1, [("A-1", 4, "49,90")])
    return shop


@pytest.mark.parametrize("instant", ["0001-01-01", "9999-12-31T23:59:59-14:00", "soon"])
def test_an_instant_that_no_firing_can_have_is_a_typing_error(shop: Shop, instant: str) -> None:
    answer = shop.console(*ONE, f"--scheduled-at={instant}")

    assert answer.returncode == 2
    assert "2026-11-21T03:00:00Z" in answer.stderr
    assert shop.runs() == []


@pytest.mark.parametrize(
    ("words", "code"), [(ONE, 0), ((IMPORT, "--supplier=9"), 70), (("nonsense",), 2)]
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not on this platform: no /dev/full")
def test_a_log_that_cannot_be_written_hides_no_exit_code(
    shop: Shop, words: tuple[str, ...], code: int
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [CONSOLE, *words],
            env=shop.environment,
            stdout=subprocess.DEVNULL,
            stderr=full,
            timeout=60,
            check=False,
        )

    assert done.returncode == code


def test_a_reason_may_read_like_a_legacy_option(shop: Shop) -> None:
    shop.console(*ONE, "--reason", "supplier=7 told me")

    assert shop.query("SELECT reason FROM cron_run") == [("supplier=7 told me",)]


def test_a_variable_that_names_no_setting_refuses_to_start(shop: Shop) -> None:
    answer = shop.console(*ONE, CRONTRACT_CROM__RUNNING="false")

    assert answer.returncode == 78
    assert "CRONTRACT_CROM__RUNNING" in answer.stdout
    assert len(events(answer.stderr, "run.started")) == 1
    assert len(events(answer.stderr, "run.finished")) == 1


def test_a_word_that_is_not_utf_8_is_a_typing_error(shop: Shop) -> None:
    word = os.fsdecode(b"--reason=caf\xe9")

    assert shop.console(*ONE, word).returncode == 2


def test_an_option_that_is_meant_once_is_refused_twice(shop: Shop) -> None:
    answer = shop.console(IMPORT, "--supplier=1", "--supplier=2")

    assert answer.returncode == 2
    assert "--supplier is given 2 times" in answer.stderr


def test_a_person_with_a_reason_is_never_too_late(shop: Shop) -> None:
    shop.console(*ONE, "--scheduled-at=2026-01-02T05:00:00Z")

    again = shop.console(
        *ONE, "--scheduled-at=2026-01-01T05:00:00Z", "--again", "--reason=audit of January"
    )

    assert "skipped_late" not in again.stdout


def test_breaking_a_lock_that_is_not_held_is_a_typing_error(shop: Shop) -> None:
    answer = shop.console("lock:break", "cron.suppliers.import.al", "--reason=typo")

    assert answer.returncode == 2
    assert "is not held" in answer.stderr


def test_a_scheduler_that_names_its_run_makes_it_a_scheduled_one(shop: Shop) -> None:
    shop.console(*ONE, CRON_SCHEDULER_RUN_ID="nightly-abc")

    assert shop.query("SELECT trigger_kind, scheduler_run_id FROM cron_run") == [
        ("schedule", "nightly-abc")
    ]
