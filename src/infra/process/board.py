"""A worker's board: memory that its parent reads while the worker is in the middle of something.

It costs no call of the system, so a worker may say of every message that it begins and ends it;
and it is still there when the worker is dead. Each cell is written by one side only, whole.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Sequence

from domain.queue.crew import Doing, Result

PLACES = 1024
"""Results that the parent has not taken yet; it hands over far fewer messages at once."""

_HEAD_BYTES = 64
_STOPPING, _BEGUN, _AT, _SINCE = range(4)
_NANO = 10**9


class SharedBoard:
    """Anonymous shared memory; make it before the fork."""

    def __init__(self) -> None:
        memory = memoryview(mmap.mmap(-1, _HEAD_BYTES + PLACES))
        self._cells = memory[:_HEAD_BYTES].cast("q")
        self._results = memory[_HEAD_BYTES:]
        self._taken = 0

    # --- the worker's side ----------------------------------------------------------------------

    @property
    def stopping(self) -> bool:
        return bool(self._cells[_STOPPING])

    def begins(self, until: int) -> None:
        self._cells[_BEGUN] = until

    def does(self, place: int) -> None:
        self._cells[_AT] = 0  # else the parent might take the last one's time for this one's
        self._cells[_SINCE] = time.monotonic_ns()
        self._cells[_AT] = place + 1

    def pauses(self) -> None:
        self._cells[_AT] = 0

    def ended(self, place: int, result: Result) -> None:
        if self._cells[_AT] == place + 1:
            self._cells[_AT] = 0
        self._results[place % PLACES] = result

    # --- the parent's side ----------------------------------------------------------------------

    def stop(self) -> None:
        self._cells[_STOPPING] = 1

    @property
    def begun(self) -> int:
        return self._cells[_BEGUN]

    @property
    def doing(self) -> Doing | None:
        at, since = self._cells[_AT], self._cells[_SINCE]
        if not at or self._cells[_AT] != at:
            return None
        return Doing(place=at - 1, since=since / _NANO)

    def take(self) -> Sequence[Result]:
        """Take the results in the order of their places, up to the first that is open."""
        results = []
        while result := self._results[self._taken % PLACES]:
            self._results[self._taken % PLACES] = Result.OPEN
            self._taken += 1
            results.append(Result(result))
        return results
