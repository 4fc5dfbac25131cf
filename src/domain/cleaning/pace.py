"""Batches as large as their database makes quick work of."""

from __future__ import annotations

LOOK_ROWS = 5_000
"""A whole stretch of so many rows that are all new ends the search for old ones."""


class Pace:
    """How many rows the next batch may look at, so that none holds locks above 100 ms."""

    AIM_SECONDS = 0.04
    """Well below: the next batch may meet a slower disk."""

    LEAST, FIRST, MOST = 500, 1_000, LOOK_ROWS
    """Below the least it is the commit that takes the time, which smaller batches only add to."""

    def __init__(self) -> None:
        self.rows = self.FIRST
        self.slowest = 0.0

    def felt(self, seconds: float) -> None:
        self.slowest = max(self.slowest, seconds)
        # By half or twice at most: one slow batch is mostly the disk's moment.
        fitting = int(self.rows * min(max(self.AIM_SECONDS / max(seconds, 0.001), 0.5), 2))
        self.rows = min(max(fitting, self.LEAST), self.MOST)
