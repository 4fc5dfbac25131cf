"""What a handler sees of its message and may do: never the row itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from domain.queue.job import Direction

Row = Mapping[str, Any]

USUAL_PRIORITY = 5


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message to be written. ``payload`` is plain JSON data.

    ``direction`` and ``max_attempts`` are the type's own where they are None; ``correlation_id``
    and ``created_by`` are those of whoever writes it.
    """

    type: str
    payload: Mapping[str, Any]
    queue: str = "general"
    priority: int = USUAL_PRIORITY
    direction: Direction | None = None
    entity_key: str | None = None
    dedupe_key: str | None = None
    wait: timedelta = timedelta(0)
    max_attempts: int | None = None
    correlation_id: str = ""
    created_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Enqueued:
    """The message of a dedupe key: a new one, or the one that was waiting already."""

    message_id: int
    is_new: bool


class Statements(Protocol):
    """SQL with ``:name`` parameters in the transaction that also settles the message.

    The transaction begins with the first statement, so a handler that talks to partners first
    holds no rows meanwhile. There is no commit: what is done here happens once, or not at all.
    """

    def execute(self, statement: str, **values: Any) -> int:
        """Give the number of matched rows."""
        ...

    def rows(self, statement: str, **values: Any) -> Sequence[Row]: ...
    def row(self, statement: str, **values: Any) -> Row | None: ...


class Work(Protocol):
    """One attempt at one message, as its handler sees it."""

    @property
    def idempotency_key(self) -> str:
        """``msg:{id}``: the same at every attempt; goes with everything that leaves the shop."""
        ...

    @property
    def correlation_id(self) -> str: ...
    @property
    def attempt(self) -> int:
        """Counted from 1."""
        ...

    @property
    def remaining(self) -> timedelta:
        """Time left until this attempt is killed; time-outs are derived from it."""
        ...

    @property
    def database(self) -> Statements: ...
    def enqueue(self, draft: Draft) -> Enqueued:
        """Write a message that is there if and only if this one is settled."""
        ...

    def checkpoint(self) -> None:
        """Mark a point at which stopping is safe; raises StopRequested on the way out."""
        ...

    def log(self, event: str, message: str = "", **fields: Any) -> None: ...
    def warn(self, event: str, message: str = "", **fields: Any) -> None: ...
