"""The process between supervisor and child: it alone sends signals, keeps deadlines, cleans up.

It never waits for anything but its two pipes, so its deadlines hold while the supervisor is
stuck in a write or a lock store; and it outlives a killed supervisor for as long as it takes to
kill what the job started. The locks of the run, which it keeps open, are freed only then.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass

from infra.process import descendants, descriptors, signals
from infra.process.child import leave_after
from infra.process.limits import Limits, Reason
from infra.process.prctl import adopt_orphans

RENEWED, LOST, STOP, KILL, STACKS = "renewed", "lost", "stop", "kill", "stacks"

_LONGEST_POLL_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How the child ended, as the warden saw it. ``status`` is that of ``os.wait``."""

    status: int
    reason: Reason | None
    killed: bool


@dataclass(frozen=True, kw_only=True)
class Swept:
    """How many descendants the child left behind; they are dead now."""

    count: int


Report = Ended | Swept


def read_report(line: bytes) -> Report:
    fields = json.loads(line)
    if "count" in fields:
        return Swept(**fields)
    reason = Reason(fields["reason"]) if fields["reason"] else None
    return Ended(status=fields["status"], reason=reason, killed=fields["killed"])


@dataclass(frozen=True, kw_only=True)
class Post:
    """A warden's ends: orders come in, reports go out; ``keep`` stays open as long as it lives."""

    orders: int
    reports: int
    keep: Iterable[int]


def stand_guard(post: Post, limits: Limits, be_child: Callable[[int], None]) -> None:
    """Fork the child and see it, and everything it started, to its end."""
    os.setsid()
    adopt_orphans()
    _ignore_signals()
    with signals.SignalPipe([signal.SIGCHLD]) as alarm:
        me, pid = os.getpid(), os.fork()
        if pid == 0:
            leave_after(lambda: be_child(me))
        descriptors.plug(keep={2, post.orders, post.reports, *alarm.descriptors, *post.keep})
        signals.let_in()
        Warden(pid, post, limits).watch(alarm)


class Warden:
    """Watches one child."""

    def __init__(self, child: int, post: Post, limits: Limits) -> None:
        self._child, self._post, self._limits = child, post, limits
        self._orders = b""
        self._status: int | None = None
        self._poll = select.poll()

    def watch(self, alarm: signals.SignalPipe) -> None:
        os.set_blocking(self._post.orders, False)
        self._poll.register(self._post.orders, select.POLLIN)
        self._poll.register(alarm, select.POLLIN)
        while self._status is None:
            self._poll.poll(self._patience())
            alarm.arrived()
            self._obey()
            self._enforce()
            self._reap()
        self._clean_up(self._status)

    def _patience(self) -> float:
        left = self._limits.next_due - time.monotonic()
        return math.ceil(1000 * min(max(left, 0.0), _LONGEST_POLL_SECONDS))

    def _obey(self) -> None:
        """Take the supervisor's orders; the end of them means that it is dead."""
        with suppress(BlockingIOError):
            received = os.read(self._post.orders, 65536)
            if not received and not self._limits.killed:
                self._limits.kill()
                self._poll.unregister(self._post.orders)
            self._orders += received
        *lines, self._orders = self._orders.split(b"\n")
        for line in lines:
            self._carry_out(*line.decode().split())

    def _carry_out(self, order: str, *arguments: str) -> None:
        now = time.monotonic()
        if order == RENEWED:
            self._limits.renewed(float(arguments[0]))
        elif order == LOST:
            self._limits.lost(now)
        elif order == STOP:
            self._limits.stop(now)
        elif order == KILL:
            self._limits.kill()
        elif order == STACKS:
            self._limits.show_stacks()

    def _enforce(self) -> None:
        for number in self._limits.due(time.monotonic()):
            with suppress(ProcessLookupError, PermissionError):
                if number is signal.SIGKILL:
                    self._kill_all()
                else:
                    os.kill(self._child, number)

    def _kill_all(self) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.killpg(self._child, signal.SIGKILL)

    def _reap(self) -> None:
        for pid, status in descendants.reaped():
            if pid == self._child:
                self._status = status

    def _clean_up(self, status: int) -> None:
        limits = self._limits
        self._report(Ended(status=status, reason=limits.reason, killed=limits.killed))
        if sys.platform != "linux":  # where orphans are not adopted, the group is all one can find
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child, signal.SIGKILL)
        self._report(Swept(count=descendants.sweep()))

    def _report(self, report: Report) -> None:
        with suppress(BrokenPipeError):
            os.write(self._post.reports, json.dumps(asdict(report)).encode() + b"\n")


def _ignore_signals() -> None:
    """A whole group or control group may be told to stop; only the supervisor decides."""
    for number in (*signals.STOPS, signals.STACKS, signals.SOFT_TIMEOUT):
        signal.signal(number, signal.SIG_IGN)
