"""One queue at the moment of a publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.queue.job import Status

COMMANDS = ("cron:queue:", "cron:images:enqueue-batches")
"""The commands, or how they begin, whose runs move messages and so publish the queues too."""

STALE_RESTARTS, STALE_SETTLES = "stale_restarts", "stale_settles"
FOREIGN_MOVES, CLEANED = "foreign_moves", "cleaned"
TO = "to:"
"""Before a status: how often messages came there."""

COUNTERS = (
    *(f"{TO}{status}" for status in Status),
    *(STALE_RESTARTS, STALE_SETTLES, FOREIGN_MOVES, CLEANED),
)
"""By their names in the table queue_counter."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """What the queue's rows and counters say; instants are seconds since 1970.

    ``oldest`` lacks a status without messages. For NEW it is the instant since which a message
    could have been taken; those that wait for their time do not count.
    """

    queue: str
    items: Mapping[str, float] = field(default_factory=dict)
    oldest: Mapping[str, float] = field(default_factory=dict)
    counters: Mapping[str, float] = field(default_factory=dict)
    strange: int = 0
    paused_until: Mapping[str, float] = field(default_factory=dict)

    @property
    def all_items(self) -> Mapping[str, float]:
        """Every status; what was processed is what came there and was not deleted since."""
        processed = self.count(f"{TO}{Status.PROCESSED}") - self.count(CLEANED)
        known = {**self.items, Status.PROCESSED.value: max(processed, 0.0)}
        return {status.value: known.get(status.value, 0) for status in Status}

    @property
    def transitions(self) -> Mapping[str, float]:
        return {status.value: self.count(f"{TO}{status}") for status in Status}

    def count(self, name: str) -> float:
        return self.counters.get(name, 0)
