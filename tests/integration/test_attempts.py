"""An attempt is a child process: its end is told rightly, however it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supervised.play import play

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_the_summary_of_a_job_comes_back_whole(tmp_path: Path) -> None:
    said = play(tmp_path, "works")

    assert said.kind == "Finished"
    stages = said.end["summary"].pop("stages")
    assert said.end["summary"] == {
        "units": [
            {
                "name": "23",
                "result": "failed",
                "message": "",
                "counts": {"changed": 7},
                "lineage": ["FeedAway", "Retryable"],
            }
        ],
        "items": {"changed": 7},
        "notes": ["as ever"],
    }
    assert 0.04 <= stages.pop("read") < 10
    assert stages == {}


def test_output_and_log_lines_are_passed_on_and_kept(tmp_path: Path) -> None:
    said = play(tmp_path, "works")

    assert "a printed line\n" in said.stderr
    assert '"event":"unit.done"' in said.stderr.replace('": "', '":"')
    assert "a printed line\n" in said.end["output"]


def test_progress_reaches_the_supervisor(tmp_path: Path) -> None:
    assert play(tmp_path, "works").progress == [["suppliers", 2, 2]]


def test_a_job_knows_its_run_and_its_limits(tmp_path: Path) -> None:
    said = play(tmp_path, "tells_its_limits", timeout=50)

    assert "run-1 1 run-1 updating False" in said.end["output"]
    assert said.end["summary"]["items"]["leases"] == 1
    assert 40 <= said.end["summary"]["items"]["left"] <= 50


def test_garbage_in_cycles_does_not_pile_up(tmp_path: Path) -> None:
    said = play(tmp_path, "makes_garbage_in_cycles")

    assert said.end["summary"]["items"]["left"] < 50_000


def test_each_checkpoint_is_heard_in_the_child(tmp_path: Path) -> None:
    play(tmp_path, "works", checkpoint=True)

    assert (tmp_path / "checkpoint").read_text() == "end"


def test_a_program_of_the_job_reads_nothing_and_writes_to_the_log(tmp_path: Path) -> None:
    said = play(tmp_path, "shows_its_streams")

    assert "out\nerr\n" in said.stderr
    assert said.end["summary"]["items"]["sid"] == said.end["summary"]["items"]["pid"]


def test_a_thread_that_never_ends_does_not_keep_a_finished_job(tmp_path: Path) -> None:
    assert play(tmp_path, "leaves_a_thread").kind == "Finished"


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "family", "error", "message", "lineage"),
    [
        (
            "feed_away",
            "retryable",
            "FeedAway",
            "the feed is away",
            ["FeedAway", "Retryable", "JobError"],
        ),
        ("refused", "refused", "Refused", "unknown supplier 99", ["Refused", "JobError"]),
        (
            "misconfigured",
            "misconfigured",
            "ConfigurationInvalid",
            "no such key",
            ["ConfigurationInvalid", "Refused", "JobError"],
        ),
        ("lock_lost", "lock_lost", "LockLost", "fence 4 is gone", ["LockLost", "JobError"]),
        ("defect", "defect", "KeyError", "KeyError: 'colour'", []),
        ("sys_exit", "defect", "SystemExit", "SystemExit: 0", []),
    ],
)
def test_an_error_tells_its_family(
    tmp_path: Path, job: str, family: str, error: str, message: str, lineage: list[str]
) -> None:
    said = play(tmp_path, job)

    assert said.kind == "Broke"
    assert (said.end["family"], said.end["error"]) == (family, error)
    assert (said.end["message"], said.end["lineage"]) == (message, lineage)


def test_the_wait_that_a_partner_asked_for_is_kept(tmp_path: Path) -> None:
    assert play(tmp_path, "feed_away").end["retry_after"] == 90.0


def test_the_traceback_of_a_defect_is_in_the_log(tmp_path: Path) -> None:
    said = play(tmp_path, "defect")

    assert "jobs.py" in said.end["output"]
    assert "Traceback (most recent call last)" in said.end["output"]


# --- deaths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("is_killed", "the job's process was killed by SIGKILL (out of memory?)"),
        ("segfaults", "the job's process was killed by SIGSEGV"),
        ("exits_3", "the job's process left with status 3 and no result"),
        ("exits_0", "the job's process left with status 0 and no result"),
        ("dies_in_the_middle_of_its_result", "the job's process left with status 0 and no result"),
        ("closes_its_files", "the job's process left with status 70 and no result"),
    ],
)
def test_a_death_without_a_word_is_a_crash(tmp_path: Path, job: str, message: str) -> None:
    said = play(tmp_path, job)

    assert said.kind == "Died"
    assert said.verdict == ("crashed", 70)
    assert said.end["message"] == message


def test_the_last_output_of_a_killed_child_is_kept(tmp_path: Path) -> None:
    assert play(tmp_path, "is_killed").end["output"] == "the last line\n"


def test_a_segmentation_fault_leaves_its_stack_in_the_log(tmp_path: Path) -> None:
    assert "Fatal Python error: Segmentation fault" in play(tmp_path, "segfaults").end["output"]


def test_a_job_that_needs_more_than_its_memory_breaks_alone(tmp_path: Path) -> None:
    said = play(tmp_path, "eats_memory", memory_bytes=1024**3)

    assert (said.kind, said.end["error"]) == ("Broke", "MemoryError")


# --- wild jobs -------------------------------------------------------------------------------


def test_a_flood_of_output_is_passed_on_and_only_its_tail_kept(tmp_path: Path) -> None:
    said = play(tmp_path, "floods_its_output")

    assert said.kind == "Finished"
    assert said.stderr.count("x" * 99 + "\n") == 200_000
    assert said.stderr.count("z") == 2_000_000
    assert len(said.end["output"]) <= 64 * 1024
    assert said.end["output"].endswith("bad \ufffd byte\nno end")


@pytest.mark.parametrize("job", ["floods_its_line", "writes_garbage_on_its_line"])
def test_nonsense_on_its_line_does_not_hide_the_result(tmp_path: Path, job: str) -> None:
    said = play(tmp_path, job)

    assert said.kind == "Finished"
    assert said.end["summary"]["items"] == {"ok": 1}
