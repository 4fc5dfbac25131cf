"""Time and randomness as the machine has them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

_RANDOM_BITS = 74
_STEP_BITS = 32
_MANTISSA_BITS = 53


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SystemEntropy:
    """The kernel's randomness; ids of one process grow even where the clock steps back."""

    def __init__(self, milliseconds: Callable[[], int] = lambda: time.time_ns() // 10**6) -> None:
        self._milliseconds = milliseconds
        self._last = 0

    def uuid7(self) -> str:
        """Make the next id (RFC 9562, 5.7): 48 bits of milliseconds, then 74 random ones.

        Within one millisecond, or after the clock stepped back, the last id is raised by a random
        step (6.2, method 2), which carries into the time when the random bits are used up.
        """
        fresh = self._milliseconds() << _RANDOM_BITS | _bits(_RANDOM_BITS)
        raised = self._last + 1 + _bits(_STEP_BITS)
        self._last = fresh if fresh > self._last else raised
        return _as_uuid7(self._last)

    def uniform(self, low: float, high: float) -> float:
        share = _bits(_MANTISSA_BITS) / (1 << _MANTISSA_BITS)
        return min(high, low + (high - low) * share)


def _bits(count: int) -> int:
    return int.from_bytes(os.urandom((count + 7) // 8), "big") >> -count % 8


def _as_uuid7(value: int) -> str:
    """Spread 122 bits around the version (7) and the variant (binary 10)."""
    time_bits, rand_a, rand_b = value >> 74, value >> 62 & 0xFFF, value & (1 << 62) - 1
    number = time_bits << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
