"""Locks under way: further ones by the supervisor's hand, and the loss of the run's own."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from domain.operating.ports import Lease
from infra.locks.file import FileLocks
from supervised.play import Stage, is_alive, play, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
FAST = (0.2, 2.0, 2.7)


def test_a_job_takes_and_returns_further_locks(tmp_path: Path) -> None:
    other = FileLocks(tmp_path / "locks")
    assert isinstance(other.acquire("supplier.24", "another run"), Lease)

    said = play(tmp_path, "takes_further_locks")

    assert said.end["summary"]["items"] == {"held": 2, "after": 1, "grown": 1}
    assert "24 is held by another run since 20" in said.end["output"]


def test_a_further_lock_of_a_killed_child_is_given_back(tmp_path: Path) -> None:
    said = play(tmp_path, "dies_with_a_further_lock")

    assert said.verdict == ("crashed", 70)
    assert said.held == ["own"]


def test_a_lost_lock_lets_the_job_roll_back(tmp_path: Path) -> None:
    said = play(tmp_path, "stops_at_checkpoints", store="lost", pace=FAST)

    assert said.verdict == ("lock_lost", 6)
    assert (tmp_path / "rolled-back").exists()


def test_a_job_that_does_not_heed_the_loss_is_killed_after_its_grace(tmp_path: Path) -> None:
    said = play(tmp_path, "swallows_everything", store="lost", pace=FAST, grace=0.5)

    assert said.verdict == ("lock_lost", 6)


def test_a_broken_lock_is_noticed_at_the_next_renewal(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stops_at_checkpoints", pace=(0.1, 60, 90))
    stage.wait_for("ready")
    FileLocks(tmp_path / "locks").break_("own")

    assert stage.said().verdict == ("lock_lost", 6)


def test_a_store_that_does_not_answer_stops_the_job_before_the_lease_ends(tmp_path: Path) -> None:
    started = time.monotonic()
    said = play(tmp_path, "stops_at_checkpoints", store="away", pace=FAST)

    assert said.verdict == ("lock_lost", 6)
    assert (tmp_path / "rolled-back").exists()
    assert time.monotonic() - started >= 2.0


def test_a_deaf_job_is_killed_before_its_lease_ends_though_its_grace_is_longer(
    tmp_path: Path,
) -> None:
    said = play(tmp_path, "swallows_everything", store="away", pace=FAST, grace=600)

    assert said.verdict == ("lock_lost", 6)


def test_a_supervisor_stuck_in_its_lock_store_does_not_keep_the_job_alive(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "swallows_everything", store="stuck", pace=FAST, grace=600)
    child = int(stage.wait_for("ready"))

    until(lambda: not is_alive(child), "the job was killed")
    (tmp_path / "unstuck").touch()
    assert stage.said().verdict == ("lock_lost", 6)


def test_a_frozen_supervisor_does_not_keep_the_job_alive(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "swallows_everything", pace=FAST, grace=600)
    child = int(stage.wait_for("ready"))
    stage.send(signal.SIGSTOP)

    until(lambda: not is_alive(child), "the job was killed")
    stage.send(signal.SIGCONT)
    assert stage.said().verdict == ("lock_lost", 6)


def test_a_lock_lost_before_the_attempt_starts_nothing(tmp_path: Path) -> None:
    said = play(tmp_path, "sleeps", store="lost_before")

    assert said.verdict == ("lock_lost", 6)
    assert not (tmp_path / "ready").exists()


def test_a_run_without_locks_has_none_to_lose(tmp_path: Path) -> None:
    said = play(tmp_path, "works", locked=False)

    assert said.kind == "Finished"
