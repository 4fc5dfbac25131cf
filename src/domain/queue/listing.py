"""The queue as people look at it: rows whatever is in them, and what stands in their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A message as its row has it; ``status`` may be a word that nobody knows."""

    id: int
    queue: str
    type: str
    direction: str
    status: str
    priority: int
    created_at: datetime
    created_by: str
    available_at: datetime
    status_since: datetime
    attempts: int
    max_attempts: int
    give_backs: int
    rescues: int
    claim_no: int
    correlation_id: str
    payload: str
    run_id: str | None = None
    lease_until: datetime | None = None
    first_rescue_at: datetime | None = None
    finished_at: datetime | None = None
    entity_key: str | None = None
    dedupe_key: str | None = None
    crash_reason: str | None = None
    fingerprint: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which messages are asked for; what is None is not asked. ``since`` is their creation."""

    queue: str | None = None
    status: str | None = None
    type: str | None = None
    crash_reason: str | None = None
    fingerprint: str | None = None
    entity_key: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """What befell a message, other than being processed."""

    at: datetime
    move: str
    actor: str
    run_id: str | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How many messages of a queue and direction have a status, and since when the oldest has.

    Of those that wait the oldest that is due counts, None where none is.
    """

    queue: str
    direction: str
    status: str
    messages: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True)
class Barrier:
    """Why a queue is not worked off, or a type in it: who said so, until when (None: for ever)."""

    queue: str
    type: str
    actor: str
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Whose a queue is: ``crontract`` or ``legacy``."""

    queue: str
    owner: str
    actor: str
    reason: str
    since: datetime


class QueueListing(Protocol):
    """Reads the queue without a lock. Raises StoreUnavailable."""

    def now(self) -> datetime:
        """Tell the time by the database's clock."""
        ...

    def search(self, search: Search, most: int) -> Sequence[Listed]:
        """Give the newest first; of those that wait, the next in turn first."""
        ...

    def find(self, ids: Sequence[int]) -> Mapping[int, Listed]: ...
    def count(self, search: Search) -> int: ...
    def ids(self, search: Search) -> Sequence[int]:
        """Give all, the oldest first."""
        ...

    def history(self, message_id: int) -> Sequence[Past]: ...
    def holder_of_key(self, queue: str, dedupe_key: str) -> int | None:
        """Tell which message has the dedupe key now, of those that have not ended."""
        ...

    def queues(self) -> Sequence[str]:
        """Name the queues of all that was not processed."""
        ...

    def types(self, queue: str) -> Sequence[str]:
        """Name the types of all that was not processed in a queue."""
        ...

    def standings(self, queue: str) -> Sequence[Standing]:
        """Sum up all that was not processed; nothing is read of what was."""
        ...

    def barriers(self) -> Sequence[Barrier]:
        """Give the pauses that hold now."""
        ...

    def owners(self) -> Sequence[Ownership]: ...
    def counters(self) -> Mapping[tuple[str, str], int]:
        """Give the counters by queue and name."""
        ...
