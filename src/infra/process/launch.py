"""Starting an attempt: pipes, the warden, and through it the child."""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from infra.process import child, descendants, descriptors, signals, warden
from infra.process.limits import Limits


@dataclass(kw_only=True)
class Links:
    """The supervisor's ends of one attempt."""

    warden: int
    orders: int
    reports: int
    output: int
    line: socket.socket
    _warden_left: bool = False

    def order(self, *words: object) -> None:
        """Send the warden one order; it may be gone already."""
        with suppress(BrokenPipeError):
            os.write(self.orders, " ".join(map(str, words)).encode() + b"\n")

    def reap(self) -> None:
        """Bury every dead child; as PID 1 that is our duty to orphans of any origin."""
        for pid, _ in descendants.reaped():
            self._warden_left = self._warden_left or pid == self.warden

    def kill_warden(self) -> None:
        if not self._warden_left:
            os.kill(self.warden, signal.SIGKILL)

    def dismiss(self) -> None:
        """Close the ends, by which a warden still at its post kills the child; wait for it."""
        os.close(self.orders)
        if not self._warden_left:
            with suppress(ChildProcessError):
                os.waitpid(self.warden, 0)
        os.close(self.reports)
        os.close(self.output)
        self.line.close()


def launch(
    assign: Callable[[socket.socket, int], child.Assignment],
    limits: Limits,
    keep: Iterable[int],
) -> Links:
    """Fork the warden, which forks the child. ``keep`` are open files for the warden to hold."""
    descriptors.flush_standard_streams()
    orders, orders_in = os.pipe()
    reports_out, reports = os.pipe()
    output_out, output = os.pipe()
    line, childs_line = socket.socketpair()
    assignment = assign(childs_line, output)
    post = warden.Post(orders=orders, reports=reports, keep=tuple(keep))
    pid = _fork(lambda: warden.stand_guard(post, limits, lambda me: child.do(assignment, me)))
    for descriptor in (orders, reports, output):
        os.close(descriptor)
    childs_line.close()
    return Links(warden=pid, orders=orders_in, reports=reports_out, output=output_out, line=line)


def _fork(body: Callable[[], None]) -> int:
    gc.freeze()  # the children's collector must not copy, let alone finish, our objects
    try:
        with signals.held_back():
            pid = os.fork()
            if pid == 0:
                child.leave_after(body)
    finally:
        gc.unfreeze()
    return pid
