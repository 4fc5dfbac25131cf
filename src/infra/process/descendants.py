"""The end of every process below this one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

_RELIST_SECONDS = 0.001


def reaped() -> Iterator[tuple[int, int]]:
    """Yield pid and wait status of each child that has died; orphans adopted by PID 1 too."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            yield found


def sweep() -> int:
    """Kill every descendant of this process, which adopts orphans; returns how many there were.

    Killing the children is enough: theirs become ours. The kernel's word that there is no child
    left to wait for is the only end, so one forked meanwhile does not slip through.
    """
    killed: set[int] = set()
    while _any_left():
        killed |= kill_children()
        time.sleep(_RELIST_SECONDS)
    return len(killed)


def sweep_for(seconds: float, *, spare: Container[int]) -> bool:
    """Kill all children but the spared ones; False where some would not die in time."""
    give_up = time.monotonic() + seconds
    while kill_children(spare=spare):
        for _ in reaped():
            pass
        if time.monotonic() > give_up:
            return False
        time.sleep(_RELIST_SECONDS)
    return True


def kill_children(*, spare: Container[int] = ()) -> set[int]:
    """Send SIGKILL to each child, and return which there were."""
    killed = set()
    for pid in children():
        if pid not in spare:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
    return killed


def _any_left() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def children() -> list[int]:
    """List the children of this process's main thread; empty where the system cannot tell."""
    return _children_of(os.getpid()) if sys.platform == "linux" else []


def _children_of(me: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
    except FileNotFoundError:  # a kernel built without CONFIG_PROC_CHILDREN
        return [pid for pid in _all_processes() if _parent_of(pid) == me]


def _all_processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _parent_of(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(b")")[2].split()[1])
