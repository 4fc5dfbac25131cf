"""Signals as something to wait for: each one becomes a byte in a pipe."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STACKS = signal.SIGUSR1
SOFT_TIMEOUT = signal.SIGUSR2

FORWARDED = (*STOPS, STACKS, SOFT_TIMEOUT, signal.SIGCHLD)
"""What a forked process must not take while its parent's Python handlers still stand."""

_IGNORABLE = (signal.SIGINT, signal.SIGHUP)
"""A shell starts background jobs, and nohup its program, with these ignored: that stays so."""


class SignalPipe:
    """Turns the given signals into bytes while it is entered; only the main thread may."""

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        self._signals = tuple(signals)
        self._before: dict[signal.Signals, Any] = {}
        self._read = self._write = -1
        self._depth = 0

    def __enter__(self) -> Self:
        self._depth += 1
        if self._depth == 1:
            self._read, self._write = os.pipe()
            os.set_blocking(self._read, False)
            os.set_blocking(self._write, False)
            self._before = {
                number: signal.signal(number, self._note)
                for number in self._signals
                if not _is_ignored(number)
            }
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            os.close(self._read)
            os.close(self._write)

    def fileno(self) -> int:
        return self._read

    @property
    def descriptors(self) -> tuple[int, int]:
        return self._read, self._write

    def arrived(self) -> list[int]:
        """Take the numbers of the signals that came since the last call, oldest first."""
        with suppress(BlockingIOError):
            return list(os.read(self._read, 4096))
        return []

    def _note(self, number: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):
            os.write(self._write, bytes([number]))


class StopSignals(SignalPipe):
    """The supervisor's signals: the first TERM or INT asks to stop, the second insists.

    HUP only asks: a closed terminal sends it by the kernel and by the shell, both at once.
    Enter it for the whole run, so that none is lost between two attempts.
    """

    def __init__(self) -> None:
        super().__init__((*STOPS, STACKS, signal.SIGCHLD))
        self.stops = 0
        self.first: int | None = None

    def arrived(self) -> list[int]:
        numbers = super().arrived()
        for number in numbers:
            if number in STOPS and not (number == signal.SIGHUP and self.stops):
                self.stops += 1
                self.first = self.first or number
        return numbers

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until a stop was asked for, which is told by True."""
        end = time.monotonic() + seconds
        self.arrived()
        while not self.stops and (left := end - time.monotonic()) > 0:
            select.select([self], [], [], left)
            self.arrived()
        return self.stops > 0


@contextmanager
def held_back() -> Iterator[None]:
    """Block the forwarded signals around a fork; the forked process lets them in when ready."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_in() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)


def set_defaults() -> None:
    """Undo the parent's handlers in a forked process."""
    for number in FORWARDED:
        signal.signal(number, signal.SIG_DFL)


def _is_ignored(number: signal.Signals) -> bool:
    return number in _IGNORABLE and signal.getsignal(number) is signal.SIG_IGN
