"""No job runs on past its limits, and nothing that it started outlives it."""

from __future__ import annotations

import math
import signal
import sys
import time
from pathlib import Path

import pytest

from infra.process.limits import Limits, Pace, Reason
from supervised.play import living, play

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
LEASED = Pace(renew_every=10, stop_after=20, kill_after=27)


def limits(*, renewed_at: float | None = None, soft_deadline: float = 100) -> Limits:
    return Limits(soft_deadline=soft_deadline, grace=30, pace=LEASED, renewed_at=renewed_at)


# --- the account of deadlines ----------------------------------------------------------------


def test_before_its_deadline_an_attempt_is_left_alone() -> None:
    account = limits()

    assert account.due(99.9) == []
    assert account.next_due == 100


def test_at_the_deadline_stacks_are_shown_before_the_job_is_told() -> None:
    account = limits()

    assert account.due(100) == [signal.SIGUSR1, signal.SIGUSR2]
    assert (account.reason, account.killed) == (Reason.TIMED_OUT, False)
    assert account.due(129.9) == []
    assert account.due(130) == [signal.SIGKILL]
    assert (account.killed, account.next_due) == (True, math.inf)


def test_a_stop_gives_the_grace_and_hides_a_later_deadline() -> None:
    account = limits()
    account.stop(90)

    assert account.due(90) == [signal.SIGTERM]
    assert account.due(110) == []
    assert account.due(120) == [signal.SIGKILL]
    assert account.reason is Reason.INTERRUPTED


def test_a_stop_after_the_deadline_does_not_lengthen_the_grace() -> None:
    account = limits()
    account.due(100)
    account.stop(125)

    assert account.next_due == 130
    assert account.reason is Reason.TIMED_OUT


def test_a_kill_comes_at_once() -> None:
    account = limits()
    account.kill()

    assert account.due(1) == [signal.SIGKILL]
    assert account.reason is Reason.INTERRUPTED


def test_an_unrenewed_lease_stops_the_job_before_it_ends_and_kills_it_before_that_too() -> None:
    account = limits(renewed_at=0)

    assert account.due(19.9) == []
    assert account.due(20) == [signal.SIGTERM]
    assert account.due(26.9) == []
    assert account.due(27) == [signal.SIGKILL]
    assert account.reason is Reason.LOCK_LOST


def test_each_renewal_counts_from_the_moment_it_was_sent() -> None:
    account = limits(renewed_at=0)
    account.renewed(15)

    assert account.due(34.9) == []
    assert account.due(35) == [signal.SIGTERM]


def test_a_lost_lock_gives_the_grace_whatever_was_the_reason_before() -> None:
    account = limits(renewed_at=0)
    account.stop(5)
    account.lost(10)

    assert account.due(10) == [signal.SIGTERM, signal.SIGTERM]
    assert account.reason is Reason.LOCK_LOST
    assert account.next_due == 35


def test_without_a_lock_there_is_nothing_to_lose() -> None:
    assert limits(renewed_at=None).due(99) == []


def test_a_lock_without_expiry_needs_no_renewal() -> None:
    account = Limits(soft_deadline=100, grace=30, pace=Pace.without_expiry(), renewed_at=0)

    assert account.due(99) == []
    assert account.next_due == 100


def test_stacks_are_shown_on_demand_and_nothing_else_happens() -> None:
    account = limits()
    account.show_stacks()

    assert account.due(1) == [signal.SIGUSR1]
    assert account.reason is None


# --- on real processes -----------------------------------------------------------------------


@linux
def test_a_job_in_python_leaves_at_its_timeout_and_shows_where_it_was(tmp_path: Path) -> None:
    started = time.monotonic()
    said = play(tmp_path, "swallows_every_exception", timeout=0.5)

    assert said.verdict == ("timed_out", 124)
    assert said.end["message"] == "timed out: 0.5 s were over"
    assert "in swallows_every_exception" in said.end["output"]
    assert time.monotonic() - started < 20


@linux
def test_a_job_cleans_up_at_its_timeout(tmp_path: Path) -> None:
    said = play(tmp_path, "cleans_up_at_the_timeout", timeout=0.5)

    assert said.verdict == ("timed_out", 124)
    assert (tmp_path / "rolled-back").exists()


@linux
def test_work_that_is_finished_within_the_grace_counts(tmp_path: Path) -> None:
    said = play(tmp_path, "finishes_after_the_timeout", timeout=0.5)

    assert said.kind == "Finished"
    assert said.end["summary"]["items"] == {"late": 1}


@linux
@pytest.mark.parametrize("job", ["waits_in_c", "swallows_everything"])
def test_a_job_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path, job: str) -> None:
    said = play(tmp_path, job, timeout=0.5, grace=0.5)

    assert said.verdict == ("timed_out", 124)
    assert said.end["message"] == "timed out: 0.5 s were over; killed after 0.5 s of grace"
    assert f"in {job}" in said.end["output"]


@linux
@pytest.mark.parametrize(
    ("job", "outcome"),
    [
        ("five_and_sleeps", "timed_out"),
        ("five_and_is_killed", "crashed"),
        ("five_and_works", None),
    ],
)
def test_no_descendant_survives_an_attempt(tmp_path: Path, job: str, outcome: str | None) -> None:
    said = play(tmp_path, job, timeout=8, grace=1)
    family = (tmp_path / "pids").read_text()

    assert len(family.split()) == 6
    assert living(family) == []
    assert said.end.get("outcome") == outcome
    assert "the job left 5 processes behind; they were killed" in said.end["output"]
    assert said.children == []
