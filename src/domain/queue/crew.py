"""A processor's workers: what goes to them, what comes back, and what is seen of them meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple, Protocol

from domain.queue.dao import Claim
from domain.queue.job import Message


class Order(NamedTuple):
    """One claimed message on its way to a worker: what it needs of the row, and no more.

    A tuple, for a hundred of them are written and read in less than a millisecond. ``attempts``
    and ``rescues`` are those at the claim, before this attempt was counted.
    """

    message_id: int
    claim_no: int
    type: str
    payload: str
    attempts: int
    max_attempts: int
    rescues: int
    correlation_id: str

    @property
    def claim(self) -> Claim:
        return Claim(message_id=self.message_id, claim_no=self.claim_no)

    @property
    def is_fresh(self) -> bool:
        """Nothing went wrong with it before, as far as the row tells."""
        return not (self.attempts or self.rescues)

    @classmethod
    def of(cls, message: Message) -> Order:
        return cls(
            message.id,
            message.claim_no,
            message.type,
            message.payload,
            message.attempts,
            message.max_attempts,
            message.rescues,
            message.correlation_id,
        )


class Result(IntEnum):
    """What became of a message in a worker's hands; it fits into a byte.

    GONE: was another's before it began. LOST: was another's when it should be settled, and all
    that the handler wrote was rolled back. RETURNED: to be given back, not begun or stopped on
    the way. UNKNOWN: the database was lost while it settled; whatever is still ours goes back.
    """

    OPEN = 0
    PROCESSED = 1
    RETRIED = 2
    CRASHED = 3
    REFUSED = 4
    GONE = 5
    LOST = 6
    RETURNED = 7
    UNKNOWN = 8


@dataclass(frozen=True, kw_only=True)
class Doing:
    """The message a worker is at, as the ``place``th of all it was given, since when.

    ``since`` is of the monotonic clock, which is the same for all processes of a host.
    """

    place: int
    since: float


class Board(Protocol):
    """What a worker shows of itself; its parent sees it at once, and after its death too.

    Messages are told by their places: the how manieth of all that this worker was given.
    """

    @property
    def stopping(self) -> bool:
        """The parent asks to take up no further message."""
        ...

    def begins(self, until: int) -> None:
        """Say, before it is asked for, that all places below ``until`` may be begun from now."""
        ...

    def does(self, place: int) -> None: ...
    def ended(self, place: int, result: Result) -> None:
        """Nothing is done any more at this place."""
        ...

    def pauses(self) -> None:
        """At no message: waiting for some, or settling a group of them."""
        ...


class Inbox(Protocol):
    """Where a worker gets its messages."""

    def orders(self, *, wait: bool) -> Sequence[Order] | None:
        """Give the next ones; none where there are none and it should not wait; None: leave."""
        ...

    def tell(self, place: int, error: str) -> None:
        """Say what a message failed of."""
        ...

    def wake(self) -> None:
        """Say that there is something new on the board."""
        ...


class Worker(Protocol):
    """One worker process as its parent sees it."""

    @property
    def number(self) -> int: ...
    def hand(self, orders: Sequence[Order]) -> None: ...
    def results(self) -> Sequence[Result]:
        """Take what has ended since the last call, in the order in which it was handed over."""
        ...

    def errors(self) -> Sequence[tuple[int, str]]:
        """Take what was told about failures: place and text."""
        ...

    @property
    def begun(self) -> int:
        """Every place below may have been begun."""
        ...

    @property
    def doing(self) -> Doing | None: ...
    def stop(self) -> None:
        """Ask it to take up no further message."""
        ...

    def show_stacks(self) -> None: ...
    def kill(self) -> None:
        """Kill it with all it started; its death is told as any other."""
        ...


@dataclass(frozen=True, kw_only=True)
class Death:
    """A worker that is dead, with all it started, here and on the database server."""

    worker: Worker
    words: str


class Crew(Protocol):
    """The workers of one processor."""

    def hire(self) -> Worker: ...
    def wait(self, seconds: float) -> Sequence[Death]:
        """Wait for news from any worker, at most so long; gives those that have died."""
        ...

    def dismiss(self) -> None:
        """Kill those that are left."""
        ...


class Types(Protocol):
    """What the parent knows of message types."""

    def limit(self, type_: str) -> timedelta:
        """What one attempt may take; the longest there is for a type that nobody knows."""
        ...

    def wait(self, type_: str, attempts: int) -> timedelta:
        """Draw the wait before the next attempt."""
        ...
