"""The forked process in which a job does its work."""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
import signal
import socket
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from domain.errors import SoftTimeout
from domain.operating.ports import JobCall, Lease, RunLog
from infra.process import descriptors, signals
from infra.process.active_run import Brakes, RunInHand
from infra.process.control import SupervisorDesk
from infra.process.prctl import die_with
from infra.process.work import perform
from infra.secrets import tell_of_secrets

_EXIT_DEFECT = 70
_OUT_OF_MEMORY_SCORE = "500"
"""Between -1000 and 1000: short of memory, the kernel takes the job before its supervisor."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a child is to do, and the ends it works with."""

    job: JobCall
    attempt: int
    leases: Sequence[Lease]
    log: RunLog
    on_checkpoint: Callable[[str], None] | None
    memory_bytes: int | None
    line: socket.socket
    output: int


def leave_after(body: Callable[[], None]) -> NoReturn:
    """Run the body of a forked process, which must never return into its parent's stack."""
    status = _EXIT_DEFECT
    try:
        body()
        status = 0
    except BaseException:  # noqa: BLE001 - the top of a process: nobody above could say it
        traceback.print_exc()
    finally:
        descriptors.flush_standard_streams()
        os._exit(status)


_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def do(assignment: Assignment, parent: int) -> None:
    """Become a process of its own, do the job, hand in its end."""
    _settle(assignment, parent)
    desk = SupervisorDesk(assignment.line)
    tell_of_secrets(desk.confide)
    run = RunInHand(
        assignment.job,
        assignment.attempt,
        assignment.leases,
        desk=desk,
        log=assignment.log,
        on_checkpoint=assignment.on_checkpoint,
    )
    _obey_signals(run.brakes)
    _collect_garbage()
    end = perform(assignment.job.work, run, assignment.log)
    run.brakes.over = True  # a signal must not cut the last word
    desk.hand_in(end)


def _collect_garbage() -> None:
    """Off since the start, but a long job may make much garbage in cycles: email does.

    Seldom, because most jobs make none, and a batch of rows in hand is looked at in vain.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    gc.enable()


def _settle(assignment: Assignment, parent: int) -> None:
    os.setsid()
    die_with(parent)
    line = assignment.line.fileno()
    descriptors.standard_streams(assignment.output)
    descriptors.plug(keep={0, 1, 2, line})
    signals.set_defaults()
    if assignment.memory_bytes:
        _limit_memory(assignment.memory_bytes)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE)


def _limit_memory(most_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _obey_signals(brakes: Brakes) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        brakes.stop = True

    def time_out(_number: int, _frame: FrameType | None) -> None:
        brakes.timed_out = True
        if not brakes.over:
            raise SoftTimeout("the time for this run is over")

    faulthandler.enable(file=2, all_threads=True)
    faulthandler.register(signals.STACKS, file=2, all_threads=True, chain=False)
    for number in signals.STOPS:
        signal.signal(number, stop)
    signal.signal(signals.SOFT_TIMEOUT, time_out)
    signals.let_in()
