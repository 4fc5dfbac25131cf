"""How many days before its end a licence is spoken of."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_OFFSET = 366


def offsets_of(text: str) -> tuple[int, ...]:
    """Read ``14,7,1``. Raises ValueError that says what to write."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ValueError(f"{text!r} are no days: write whole numbers like 14,7,1")
    offsets = tuple(dict.fromkeys(map(int, words)))
    if max(offsets) > LONGEST_OFFSET:
        raise ValueError(f"{max(offsets)} days are more than a year: at most {LONGEST_OFFSET}")
    return offsets


def due(remaining: int, offsets: Sequence[int], *, exact: bool) -> int | None:
    """Give the most urgent offset that is reached, or the one that is just now."""
    reached = [days for days in offsets if (remaining == days if exact else remaining <= days)]
    return min(reached, default=None)
