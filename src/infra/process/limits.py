"""When an attempt must stop: a pure account of deadlines, in seconds of the monotonic clock."""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from infra.process.signals import SOFT_TIMEOUT, STACKS


class Reason(StrEnum):
    """Why an attempt was told to stop."""

    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    LOCK_LOST = "lock_lost"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often a lease of 30 s is renewed, and when to stop and to kill if that fails.

    Counted from before the last renewal that succeeded was sent.
    """

    renew_every: float = 10.0
    stop_after: float = 20.0
    kill_after: float = 27.0

    @classmethod
    def without_expiry(cls) -> Self:
        """For a store that keeps a lock as long as its holder lives: only a break loses it."""
        return cls(stop_after=math.inf, kill_after=math.inf)


class Limits:
    """Collects what is asked and what falls due, and tells which signals to send now.

    ``renewed_at`` is None for an attempt that works without a lock.
    """

    def __init__(
        self, *, soft_deadline: float, grace: float, pace: Pace, renewed_at: float | None
    ) -> None:
        self._soft_deadline, self._grace, self._pace = soft_deadline, grace, pace
        self._renewed_at = renewed_at
        self._kill_at = math.inf
        self._signals: list[signal.Signals] = []
        self.reason: Reason | None = None
        self.killed = False

    def renewed(self, sent_at: float) -> None:
        self._renewed_at = sent_at

    def stop(self, now: float) -> None:
        """The operator asks to stop at the next checkpoint."""
        self.reason = self.reason or Reason.INTERRUPTED
        self._end(signal.SIGTERM, kill_at=now + self._grace)

    def lost(self, now: float) -> None:
        """The store says that the lock is another's."""
        self._lose(now + self._grace)

    def kill(self) -> None:
        self.reason = self.reason or Reason.INTERRUPTED
        self._kill_at = -math.inf

    def show_stacks(self) -> None:
        self._signals.append(STACKS)

    def due(self, now: float) -> list[signal.Signals]:
        """Take the signals to send by now, each once."""
        if now >= self._fence_at:
            self._lose(self._fence_at - self._pace.stop_after + self._pace.kill_after)
        if self.reason is None and now >= self._soft_deadline:
            self.reason = Reason.TIMED_OUT
            self._end(STACKS, SOFT_TIMEOUT, kill_at=now + self._grace)
        if now >= self._kill_at and not self.killed:
            self.killed = True
            self._signals.append(signal.SIGKILL)
        due, self._signals = self._signals, []
        return due

    @property
    def next_due(self) -> float:
        """The moment at which ``due`` has something new to say, if nothing is asked before."""
        if self.killed:
            return math.inf
        soft = self._soft_deadline if self.reason is None else math.inf
        return min(soft, self._fence_at, self._kill_at)

    @property
    def _fence_at(self) -> float:
        if self._renewed_at is None or self.reason is Reason.LOCK_LOST:
            return math.inf
        return self._renewed_at + self._pace.stop_after

    def _lose(self, kill_at: float) -> None:
        self.reason = Reason.LOCK_LOST
        self._end(signal.SIGTERM, kill_at=kill_at)

    def _end(self, *numbers: signal.Signals, kill_at: float) -> None:
        self._signals += numbers
        self._kill_at = min(self._kill_at, kill_at)
