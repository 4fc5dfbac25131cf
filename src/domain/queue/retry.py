"""What becomes of a message whose handler failed: again after a wait, or never."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.operating.ports import Entropy
from domain.queue.job import Message
from domain.queue.transitions import Move


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How patiently a message is tried again.

    The wait after attempt n is drawn evenly from 0 to ``min(cap, base * factor**(n-1))``, so that
    many messages which failed of one fault do not come back all at once.
    """

    base: timedelta = timedelta(seconds=10)
    factor: float = 4
    cap: timedelta = timedelta(hours=1)

    def ceiling(self, attempts: int) -> timedelta:
        """The longest wait after so many attempts, counted from 1."""
        # In seconds: a timedelta would overflow where a float is merely large.
        seconds = self.base.total_seconds() * self.factor ** min(attempts - 1, 100)
        return timedelta(seconds=min(seconds, self.cap.total_seconds()))

    def wait(self, attempts: int, entropy: Entropy, asked: timedelta | None = None) -> timedelta:
        """Draw the wait; never shorter than what a partner ``asked`` for, up to the cap."""
        drawn = timedelta(seconds=entropy.uniform(0, self.ceiling(attempts).total_seconds()))
        return max(drawn, min(asked or timedelta(0), self.cap))


def move_after_failure(message: Message, *, transient: bool) -> Move:
    """Choose the transition for a message in PROCESSING whose handler failed."""
    if not transient:
        return Move.CRASH_PERMANENT
    return Move.RETRY if message.attempts < message.max_attempts else Move.CRASH_EXHAUSTED
