"""What a child inherits, and what hundreds of attempts leave in the supervisor: nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.operating.ports import ActiveRun, Broke, Busy, Died, Finished, Lease
from domain.operating.run import Outcome, Summary
from fakes.operating import CONTRACT, START
from infra.locks.file import FileLocks
from infra.process.inline import InlineAttempts
from infra.process.limits import Pace
from infra.process.output import TAIL_BYTES, Lines, Output
from infra.telemetry.logs import JsonLog
from supervised.play import play
from supervised.stage import Call

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
def test_a_child_inherits_no_open_file_but_its_line(tmp_path: Path) -> None:
    said = play(tmp_path, "lists_its_open_files")
    links = [line.split(" ", 1)[1] for line in said.end["output"].splitlines()]

    assert not [link for link in links if "locks" in link]
    assert len([link for link in links if link.startswith("socket:")]) == 1
    assert len({link for link in links if link.startswith("pipe:")}) == 1
    assert {link.split(":")[0] for link in links} <= {"socket", "pipe", "/dev/null"}


@linux
def test_hundreds_of_attempts_leave_no_file_and_no_zombie(tmp_path: Path) -> None:
    once = play(tmp_path, "works")
    often = play(tmp_path, "works", attempts=300)

    assert often.kind == "Finished"
    assert len(often.descriptors) == len(once.descriptors)
    assert often.children == []


@linux
def test_an_orphan_of_any_origin_is_buried(tmp_path: Path) -> None:
    said = play(tmp_path, "cleans_up_at_the_timeout", timeout=1, orphan=True)

    assert said.children == []


@pytest.mark.parametrize("refused", [False, True])
def test_a_secret_that_only_the_job_read_is_kept_out_of_its_output(
    tmp_path: Path, refused: bool
) -> None:
    (tmp_path / "secret").write_text("hunter22")
    if refused:
        (tmp_path / "refused").touch()

    said = play(tmp_path, "tells_its_secret")

    assert said.end["output"].count("told ***") == 2
    assert "hunter22" not in f"{said.end['output']} {said.end.get('message')}"


# --- output ----------------------------------------------------------------------------------


def test_a_line_may_come_in_pieces() -> None:
    lines = Lines()

    assert lines.feed(b"one\ntw") == [b"one"]
    assert lines.feed(b"o\n\n") == [b"two", b""]


def test_a_line_without_end_is_cut() -> None:
    lines = Lines(longest=4)

    assert lines.feed(b"abc") == []
    assert lines.feed(b"de") == [b"abcde"]
    assert lines.rest() == b""


def test_the_tail_begins_with_a_whole_line() -> None:
    output = Output(lambda _line: None)
    for number in range(TAIL_BYTES // 4):
        output.feed(b"line %06d\n" % number)

    assert len(output.tail) <= TAIL_BYTES
    assert output.tail.startswith("line ")
    assert output.tail.endswith(f"{TAIL_BYTES // 4 - 1:06}\n")


def test_a_closed_terminal_does_not_stop_the_reading() -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError

    output = Output(closed)
    output.feed(b"said to nobody\n")

    assert output.tail == "said to nobody\n"


# --- without a child -------------------------------------------------------------------------


OWN = Lease(key="own", fence=3, run_id=START.run_id)


def _inline(
    folder: Path, work: Callable[[ActiveRun], Summary], **options: Any
) -> Finished | Broke | Died:
    shown = options.pop("shown", [])
    leases: Sequence[Lease] = options.pop("leases", [OWN])
    attempts = InlineAttempts(
        locks=options.pop("locks", None) or FileLocks(folder),
        log=JsonLog(sys.stderr),
        on_progress=lambda *progress: shown.append(progress),
        **options,
    )
    contract = replace(CONTRACT, timeout=timedelta(seconds=5))
    call = Call(start=START, contract=contract, soft_deadline=time.monotonic() + 5, work=work)
    return attempts.run(call, attempt=2, leases=leases)


def test_a_job_without_a_child_sees_the_same_run(tmp_path: Path) -> None:
    seen: list[str] = []
    shown: list[object] = []

    def work(run: ActiveRun) -> Summary:
        run.progress("lines", 1, None)
        run.progress("lines", 2, None)
        run.checkpoint("read")
        lock: AbstractContextManager[Lease | Busy] = run.lock("supplier.23")
        with lock as lease:
            return Summary(items={"leases": len(run.leases), "free": int(lease not in run.leases)})

    end = _inline(tmp_path, work, on_checkpoint=seen.append, shown=shown)

    assert isinstance(end, Finished)
    assert end.summary.items == {"leases": 2, "free": 0}
    assert (seen, shown) == (["read"], [("lines", 1, None)])
    assert FileLocks(tmp_path).held() == []


@pytest.mark.parametrize("broken", [False, True])
def test_without_a_child_the_locks_are_renewed_as_the_job_goes_on(
    tmp_path: Path, *, broken: bool
) -> None:
    locks = FileLocks(tmp_path)
    lease = locks.acquire("own", START.run_id)
    passed: list[str] = []

    def work(run: ActiveRun) -> Summary:
        if broken:
            FileLocks(tmp_path).break_("own")
        run.checkpoint("read")
        return Summary(items={})

    end = _inline(
        *(tmp_path, work),
        locks=locks,
        leases=[lease],
        pace=Pace(renew_every=0),
        on_checkpoint=passed.append,
    )

    assert passed == ([] if broken else ["read"])
    assert getattr(end, "family", "") == ("lock_lost" if broken else "")


def test_ctrl_c_without_a_child_interrupts_the_run(tmp_path: Path) -> None:
    def work(_run: ActiveRun) -> Summary:
        raise KeyboardInterrupt

    end = _inline(tmp_path, work)

    assert isinstance(end, Died)
    assert (end.outcome, end.exit_code) == (Outcome.INTERRUPTED, 130)


def test_a_defect_without_a_child_is_told_too(tmp_path: Path) -> None:
    def work(_run: ActiveRun) -> Summary:
        raise ZeroDivisionError("by zero")

    end = _inline(tmp_path, work)

    assert isinstance(end, Broke)
    assert (end.family, end.message) == ("defect", "ZeroDivisionError: by zero")
