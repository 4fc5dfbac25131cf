"""When a message in flight is taken from its holder, and when it is given up as poison."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import ConfigurationInvalid
from domain.queue.job import IN_FLIGHT, Message


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a holder may be silent, and how often a message may go back.

    Liveness: the holder's parent renews a ``lease`` every ``heartbeat``. Duration: it ends the
    handler after ``duration`` itself. ``legacy_age`` is for rows without a lease. The ``rescues``th
    rescue within ``rescue_window`` of the first is not done: the message is poison.
    """

    lease: timedelta = timedelta(seconds=60)
    heartbeat: timedelta = timedelta(seconds=20)
    duration: timedelta = timedelta(seconds=600)
    legacy_age: timedelta = timedelta(seconds=600)
    rescues: int = 3
    rescue_window: timedelta = timedelta(hours=72)
    give_backs: int = 5

    def said(self, words: str) -> str:
        """Put the limits into words that name them."""
        return words.format(
            lease=f"{self.lease.total_seconds():g} s",
            rescues=self.rescues,
            rescue_window=f"{self.rescue_window / timedelta(hours=1):g} h",
            give_backs=self.give_backs,
        )

    def __post_init__(self) -> None:
        if faults := [words for words, broken in self._checks().items() if broken]:
            raise ConfigurationInvalid("limits of the queue: " + "; ".join(faults))

    def _checks(self) -> dict[str, bool]:
        none = timedelta(0)
        return {
            "heartbeat is not above zero": self.heartbeat <= none,
            # One beat may get lost on the way without costing the message.
            "lease is shorter than two heartbeats": self.lease < 2 * self.heartbeat,
            "duration is not above zero": self.duration <= none,
            "legacy_age is not above zero": self.legacy_age <= none,
            "rescues is below one": self.rescues < 1,
            "rescue_window is not above zero": self.rescue_window <= none,
            "give_backs is below zero": self.give_backs < 0,
        }


LIMITS = Limits()


def is_stale(message: Message, now: datetime, limits: Limits = LIMITS) -> bool:
    """Tell whether nobody answers for a message in flight: lease over, or too old without one."""
    if message.status not in IN_FLIGHT:
        return False
    if message.lease_until is None:
        return now - message.status_since >= limits.legacy_age
    return message.lease_until <= now


def rescues_with(message: Message, now: datetime, limits: Limits = LIMITS) -> int:
    """Count the rescues of the window, one at ``now`` included."""
    return message.rescues + 1 if _window_is_open(message, now, limits) else 1


def window_start(message: Message, now: datetime, limits: Limits = LIMITS) -> datetime:
    """Tell when the window of a rescue at ``now`` began."""
    begun = message.first_rescue_at
    return begun if begun and _window_is_open(message, now, limits) else now


def _window_is_open(message: Message, now: datetime, limits: Limits) -> bool:
    begun = message.first_rescue_at
    return begun is not None and now - begun < limits.rescue_window
