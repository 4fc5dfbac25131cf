"""A worker's place at its parent's: what it was given, how far it is, how fast it works."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.queue.crew import Order, Result, Worker
from domain.queue.dao import Claim
from domain.queue.job import Message

BATCH_SECONDS = 0.5
"""So much work is handed over at once: less than a person waits, more than a claim takes."""

LARGEST_BATCH = 100
MOST_IN_HAND = 4 * LARGEST_BATCH
"""Messages that take a millisecond are handed over before the last ones are done: the parent's
next claim takes as long as a hundred of them."""

_GROWTH = 4
"""A batch is at most so many times as large as the one before: the next may be slower."""


def claim_of(message: Message) -> Claim:
    return Claim(message_id=message.id, claim_no=message.claim_no)


class Ended(NamedTuple):
    """One message that a worker is done with."""

    message: Message
    result: Result
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Running:
    """The message that a worker is at, since when by the monotonic clock."""

    message: Message
    since: float


class Seat:
    """Keeps account of one worker; places count all that it was ever given."""

    def __init__(self, worker: Worker, now: float) -> None:
        self.worker = worker
        self.stacks_shown_at: float | None = None
        self.killed_for = ""
        self.is_slow = False
        self._open: deque[Message] = deque()
        self._first = 0
        self._let_go: set[Claim] = set()
        self._errors: dict[int, str] = {}
        self._size = 1
        self.last_news = now

    # --- handing over ---------------------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many messages it may be given now: none while half a batch is left."""
        if self.is_slow:
            return 0
        left = len(self._open) - len(self._let_go)
        few = max(self._size // 2, self._size - LARGEST_BATCH)
        return min(self._size - left, LARGEST_BATCH) if left <= few else 0

    def hand(self, messages: Sequence[Message], now: float) -> None:
        if not self._open:
            self.last_news = now
        self._open.extend(messages)
        self.worker.hand([Order.of(message) for message in messages])

    # --- what is known of it --------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return bool(self._open)

    @property
    def held(self) -> list[Message]:
        """What it was given and is not known to have ended, nor to be another's."""
        if not self._let_go:
            return list(self._open)
        return [message for message in self._open if claim_of(message) not in self._let_go]

    @property
    def held_claims(self) -> list[Claim]:
        return [claim_of(message) for message in self.held]

    @property
    def gone(self) -> set[Claim]:
        """What it was given and is another's by now, as far as is known."""
        return self._let_go

    @property
    def unbegun(self) -> list[Message]:
        """What waits behind the message it is at and was surely not begun."""
        later = max(self.worker.begun - self._first, 0)
        return [m for m in list(self._open)[later:] if claim_of(m) not in self._let_go]

    @property
    def running(self) -> Running | None:
        doing = self.worker.doing
        if doing is None or not 0 <= doing.place - self._first < len(self._open):
            return None
        return Running(message=self._open[doing.place - self._first], since=doing.since)

    def let_go(self, claims: Sequence[Claim]) -> None:
        """Forget claims that are another's by now; the worker finds that out by itself."""
        self._let_go.update(claims)

    # --- what comes back ------------------------------------------------------------------------

    def collect(self, now: float) -> list[Ended]:
        """Take what has ended since the last look."""
        results = self.worker.results()
        self._errors.update(self.worker.errors())  # told before its result is shown
        ended = [self._next_ended(result) for result in results]
        if ended:
            self.is_slow = False
            self._learn(len(ended), now - self.last_news)
            self.last_news = now
        return [one for one in ended if one.result is not Result.GONE]

    def _next_ended(self, result: Result) -> Ended:
        message = self._open.popleft()
        error = self._errors.pop(self._first, "") if self._errors else ""
        self._first += 1
        if self._let_go and (claim := claim_of(message)) in self._let_go:
            self._let_go.remove(claim)
            if result in (Result.RETURNED, Result.UNKNOWN):
                result = Result.GONE
        return Ended(message=message, result=result, error=error)

    def _learn(self, count: int, seconds: float) -> None:
        fitting = count * BATCH_SECONDS / max(seconds, 1e-6)
        self._size = int(max(1, min(fitting, self._size * _GROWTH, MOST_IN_HAND)))


def dealt(
    messages: Sequence[Message], seats: Sequence[Seat]
) -> Iterator[tuple[Seat, Sequence[Message]]]:
    """Deal messages to the seats with room: evenly, but a whole batch to one, as a group."""
    takers = sorted(seats, key=lambda seat: seat.room)
    if takers and takers[-1].room >= len(messages) == LARGEST_BATCH:
        takers = takers[-1:]
    begin = 0
    for number, seat in enumerate(takers):
        fair = -(-(len(messages) - begin) // (len(takers) - number))
        share = messages[begin : begin + min(seat.room, fair)]
        begin += len(share)
        if share:
            yield seat, share
