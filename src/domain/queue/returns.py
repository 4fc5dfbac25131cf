"""What goes back to the queue unfinished: of dead, stopped and slow workers."""

from __future__ import annotations

from collections.abc import Iterable

from domain.queue.counts import Counts
from domain.queue.crew import Death, Types
from domain.queue.dao import Claim, QueueDAO, Settlement
from domain.queue.job import Message, Status
from domain.queue.seat import Seat, claim_of
from domain.queue.tally import Tally
from domain.queue.transitions import Move

LIMIT = "limit"
"""A worker was killed because its message ran longer than its type allows."""

DRAIN = "drain"
"""A worker was killed because the processor had to leave."""

LOST = "lost"
"""A worker was killed because its message was another's by then."""


class Returns:
    """Keeps what has to be told to the database until it was."""

    def __init__(self, types: Types, tally: Tally, counts: Counts) -> None:
        self._types, self._tally, self._counts = types, tally, counts
        self._back: list[Message] = []
        self._abandoned: list[tuple[Claim, str]] = []
        self._overdue: list[Message] = []

    def __bool__(self) -> bool:
        return bool(self._back or self._abandoned or self._overdue)

    def give_back(self, messages: Iterable[Message]) -> None:
        self._back += messages

    def inherit(self, seat: Seat, death: Death) -> None:
        """Take over what a dead worker held: only the message that it was at is to blame.

        The rest of its group was rolled back with it and is given back, whatever killed it.
        """
        at = seat.running.message if seat.running and seat.killed_for != DRAIN else None
        for message in seat.held:
            if message is not at:
                self._back.append(message)
            elif seat.killed_for == LIMIT:
                self._overdue.append(message)
            else:
                self._abandoned.append((claim_of(message), death.words))

    def send(self, dao: QueueDAO) -> bool:
        """Tell the database; True where the sweeper has something to do now.

        Raises StoreUnavailable, and what is left is told another time.
        """
        has_abandoned = bool(self._abandoned)
        if self._back:
            self._send_back(dao)
            self._back = []
        while self._abandoned:
            claim, words = self._abandoned[0]
            dao.abandon([claim], words)
            self._abandoned.pop(0)
        while self._overdue:
            self._settle_overdue(self._overdue[0], dao)
            self._overdue.pop(0)
        return has_abandoned

    def _send_back(self, dao: QueueDAO) -> None:
        """Give back; what was begun and given back too often counts as an attempt instead."""
        taken = set(dao.give_back([claim_of(message) for message in self._back]))
        self._counts.moved(Status.NEW, len(taken))
        for message in self._back:
            if claim_of(message) not in taken:
                self._settle(message, "GivenBackTooOften: the processor had to leave again", dao)

    def _settle_overdue(self, message: Message, dao: QueueDAO) -> None:
        limit = self._types.limit(message.type).total_seconds()
        error = f"OverLimit: killed after {limit:g} s, the limit of {message.type}"
        self._settle(message, error, dao)

    def _settle(self, message: Message, error: str, dao: QueueDAO) -> None:
        """Try it again after a wait, or crash it; does nothing for what is another's by now."""
        attempts = message.attempts + 1
        if attempts < message.max_attempts:
            wait = self._types.wait(message.type, attempts)
            settlement = Settlement(move=Move.RETRY, error=error, wait=wait)
        else:
            settlement = Settlement(move=Move.CRASH_EXHAUSTED, error=error)
        if dao.settle(claim_of(message), settlement):
            self._tally.overdue(message, settlement)
            self._counts.moved(Status.NEW if settlement.move is Move.RETRY else Status.CRASH)
