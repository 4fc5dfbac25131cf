"""Keeping the locks of a run: renewed in time, or known to be lost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from enum import Enum

from domain.errors import JobError
from domain.operating.ports import Lease, Locks
from infra.process.limits import Pace

_RETRIES_PER_TURN = 5
"""After a failed renewal the next try comes five times sooner than after a good one."""


class Standing(Enum):
    """What a renewal has shown."""

    HELD = "held"
    UNKNOWN = "unknown"
    LOST = "lost"


class Renewal:
    """Renews every lease together: the run has its locks, or it has none."""

    def __init__(self, locks: Locks, pace: Pace, leases: Callable[[], Sequence[Lease]]) -> None:
        self._locks, self._pace, self._leases = locks, pace, leases
        self.sent_at = -math.inf
        self.next_due = -math.inf

    def renew(self) -> Standing:
        """Renew now. ``sent_at`` is the moment before the last renewal that was good."""
        sent_at = time.monotonic()
        standing = self._ask()
        if standing is Standing.HELD:
            self.sent_at = sent_at
            self.next_due = sent_at + self._pace.renew_every
        elif standing is Standing.UNKNOWN:
            self.next_due = time.monotonic() + self._pace.renew_every / _RETRIES_PER_TURN
        else:
            self.next_due = math.inf
        return standing

    def _ask(self) -> Standing:
        try:
            held = all(self._locks.renew(lease) for lease in self._leases())
        except JobError:  # a store that refuses us now may take us again, or the lease runs out
            return Standing.UNKNOWN
        return Standing.HELD if held else Standing.LOST
