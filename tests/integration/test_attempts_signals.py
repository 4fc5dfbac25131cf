"""TERM, INT and SIGKILL to every process of an attempt, in every order that hurts."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.operating.ports import Busy, Lease
from infra.locks.file import FileLocks
from supervised.play import Stage, living, play, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143)]
)
def test_the_first_signal_lets_the_job_roll_back(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    stage = Stage(tmp_path, "stops_at_checkpoints")
    stage.wait_for("ready")
    stage.send(number)
    said = stage.said()

    assert said.verdict == ("interrupted", code)
    assert said.end["message"].startswith(f"stopped by {number.name}; stopped at unit")
    assert (tmp_path / "rolled-back").exists()


def test_the_second_signal_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "swallows_everything", timeout=600, grace=600)
    stage.wait_for("ready")
    stage.send(signal.SIGTERM)
    stage.wait_for("heard")
    stage.send(signal.SIGTERM)
    said = stage.said()

    assert said.verdict == ("interrupted", 143)
    assert "killed before it came to a checkpoint" in said.end["message"]


def test_a_closed_terminal_asks_but_never_insists(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stops_at_checkpoints")
    stage.wait_for("ready")
    stage.send(signal.SIGHUP)
    stage.send(signal.SIGHUP)
    stage.said()

    assert (tmp_path / "rolled-back").exists()


def test_a_job_that_passes_no_checkpoint_is_killed_after_its_grace(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "sleeps", grace=0.5)
    stage.wait_for("ready")
    stage.send(signal.SIGTERM)

    assert stage.said().verdict == ("interrupted", 143)


def test_usr1_shows_the_stacks_and_the_job_goes_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stops_at_checkpoints")
    stage.wait_for("ready")
    stage.send(signal.SIGUSR1)
    stage.send(signal.SIGTERM)
    said = stage.said()

    assert "in stops_at_checkpoints" in said.end["output"]
    assert (tmp_path / "rolled-back").exists()


def test_a_signal_to_the_whole_group_of_the_terminal_reaches_the_job_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "stops_at_checkpoints")
    child = int(stage.wait_for("ready"))
    os.killpg(stage.pid, signal.SIGINT)
    said = stage.said()

    assert os.getpgid(0) != child
    assert said.verdict == ("interrupted", 130)


def test_a_signal_during_the_wait_for_the_next_attempt_ends_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "feed_away", attempts=2, wait=600)
    stage.wait_for("waiting")
    stage.send(signal.SIGTERM)

    assert stage.said().verdict == ("interrupted", 143)


def test_a_wait_that_is_not_disturbed_leads_to_the_next_attempt(tmp_path: Path) -> None:
    said = play(tmp_path, "works", attempts=2, wait=0.05)

    assert said.kind == "Finished"


# --- SIGKILL ---------------------------------------------------------------------------------


def _tree(stage: Stage) -> tuple[int, int, str]:
    """The warden, the child, and all pids below the supervisor."""
    family = stage.wait_for("pids")
    child = int(family.split()[0])
    warden = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    return warden, child, f"{warden} {family}"


def test_a_killed_child_takes_its_family_along(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    _, child, everyone = _tree(stage)
    os.kill(child, signal.SIGKILL)
    said = stage.said()

    assert said.verdict == ("crashed", 70)
    assert living(everyone) == []


def test_a_killed_supervisor_leaves_nobody(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    _, _, everyone = _tree(stage)
    stage.send(signal.SIGKILL)

    until(lambda: not living(everyone), "all were dead")
    assert stage.died() == -signal.SIGKILL


def test_supervisor_and_child_killed_together_leave_nobody(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    _, child, everyone = _tree(stage)
    stage.send(signal.SIGKILL)
    os.kill(child, signal.SIGKILL)

    until(lambda: not living(everyone), "all were dead")
    stage.died()


def test_a_killed_warden_is_a_crash_that_leaves_nobody(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    warden, _, everyone = _tree(stage)
    os.kill(warden, signal.SIGKILL)
    said = stage.said()

    assert said.verdict == ("crashed", 70)
    assert "the process that watched the job was killed" in said.end["message"]
    assert living(everyone) == []


def test_a_frozen_warden_is_given_up_after_the_second_signal(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    warden, _, everyone = _tree(stage)
    os.kill(warden, signal.SIGSTOP)
    stage.send(signal.SIGTERM)
    stage.send(signal.SIGINT)
    said = stage.said()

    assert said.end["outcome"] == "interrupted"
    assert living(everyone) == []


def test_the_lock_of_a_killed_supervisor_is_free_only_when_its_job_is_dead(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "five_and_sleeps")
    warden, _, everyone = _tree(stage)
    locks = FileLocks(tmp_path / "locks")
    with _frozen(warden):
        stage.send(signal.SIGKILL)
        stage.died()
        too_early = locks.acquire("own", "next")

    until(lambda: isinstance(locks.acquire("own", "next"), Lease), "the lock was free")
    assert isinstance(too_early, Busy)
    assert living(everyone.split(" ", 1)[1]) == []


@contextmanager
def _frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
