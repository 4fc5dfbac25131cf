"""A message of the queue: its row, in the shop's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a message stands; the shop's five words, kept as they are in the column too."""

    NEW = "NEW"
    IN_QUEUE = "IN_QUEUE"
    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    CRASH = "CRASH"


class CrashReason(StrEnum):
    """Why a message was given up."""

    PERMANENT = "permanent"
    EXHAUSTED = "exhausted"
    POISON = "poison"
    CANCELLED = "cancelled"
    INVALID = "invalid"


class Direction(StrEnum):
    """Whether a message came to the shop or leaves it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


IN_FLIGHT = (Status.IN_QUEUE, Status.PROCESSING)
"""Held by someone."""

ENDED = (Status.PROCESSED, Status.CRASH)
"""Nothing happens any more by itself, and the dedupe key is free again."""

FIRST, LAST = 0, 9
"""The priorities' range."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One row; instants are by the database's clock.

    ``claim_no`` only grows, with every claim, so that it tells one holder from the next.
    ``rescues`` counts within a window that begins at ``first_rescue_at``. A row without
    ``lease_until`` in flight was put there by the legacy side.
    """

    id: int
    queue: str
    type: str
    status_since: datetime
    available_at: datetime
    created_at: datetime
    payload: str = ""
    direction: Direction = Direction.INCOMING
    priority: int = LAST
    entity_key: str | None = None
    dedupe_key: str | None = None
    status: Status = Status.NEW
    claim_no: int = 0
    run_id: str | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    max_attempts: int = 3
    give_backs: int = 0
    rescues: int = 0
    first_rescue_at: datetime | None = None
    crash_reason: CrashReason | None = None
    error: str | None = None
    correlation_id: str = ""
    created_by: str = ""
    finished_at: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """What outside systems are given to tell a repetition: the same over all claims."""
        return f"msg:{self.id}"
