"""In which order messages are taken: one priority per hour waited, so that none starves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from domain.queue.job import FIRST, LAST, Direction, Message

PROMOTION = timedelta(hours=1)
"""What a message waits until it counts as one priority higher."""


OUTGOING_LATER = (LAST + 1) * PROMOTION
"""Incoming messages go first, whatever their priority, until an outgoing one waited so long."""


class Waits(Protocol):
    """Whatever has a priority since an instant."""

    @property
    def priority(self) -> int: ...
    @property
    def available_at(self) -> datetime: ...


def aged_priority(message: Waits, now: datetime) -> int:
    """Give the priority that a waiting message has by now; for people, not for the order."""
    waited = max(now - message.available_at, timedelta(0))
    return max(message.priority - waited // PROMOTION, FIRST)


def turn(message: Message) -> tuple[datetime, int]:
    """Give the sort key of the claim: the instant at which a message counts as priority 0.

    It does not move with time as the aged priority does, so an index can keep it and a claim
    need not look at the whole backlog. Outgoing messages stand one range of priorities behind.
    """
    later = OUTGOING_LATER if message.direction is Direction.OUTGOING else timedelta(0)
    return message.available_at + message.priority * PROMOTION + later, message.id
