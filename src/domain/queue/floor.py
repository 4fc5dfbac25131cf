"""The workers' side of a shift: who sits where, what they have done, whose time is over."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import JobError
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock
from domain.queue.crew import Crew, Death, Result, Types
from domain.queue.dao import Claim
from domain.queue.job import Message
from domain.queue.returns import DRAIN, LIMIT, LOST, Returns
from domain.queue.seat import Ended, Seat, claim_of, dealt

RECALL_SECONDS = 1.0
"""What waits behind a message that takes so long is given to others."""

STACKS_SECONDS = 0.1
"""Between a handler's showing where it is and its end."""

LOST_SECONDS = 1.0
"""A handler whose message is another's may be just about to find out by itself."""

MOST_BARREN_DEATHS = 3
"""So many times as there are workers: then what they die of is not a message."""


class Floor:
    """Every worker at its seat; none is on the database here."""

    def __init__(
        self, crew: Crew, types: Types, returns: Returns, clock: Clock, run: ActiveRun
    ) -> None:
        self._crew, self._types, self._returns = crew, types, returns
        self._clock, self._run = clock, run
        self._seats: list[Seat] = []
        self._most_barren = self._barren = 0
        self._closing = False

    def open(self, workers: int) -> None:
        self._most_barren = MOST_BARREN_DEATHS * workers
        for _ in range(workers):
            self._hire()

    def _hire(self) -> None:
        self._seats.append(Seat(self._crew.hire(), self._now))

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    # --- what they have -------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return any(seat.is_busy for seat in self._seats)

    @property
    def room(self) -> int:
        return sum(seat.room for seat in self._seats)

    @property
    def held(self) -> list[Claim]:
        """Every claim that some worker has in hand."""
        return [claim for seat in self._seats for claim in seat.held_claims]

    def hand(self, messages: Sequence[Message]) -> None:
        now = self._now
        for seat, share in dealt(messages, self._seats):
            seat.hand(share, now)

    def let_go(self, lost: set[Claim]) -> None:
        """Take note that claims are another's by now."""
        for seat in self._seats:
            seat.let_go([claim for claim in seat.held_claims if claim in lost])

    # --- one look at them -----------------------------------------------------------------------

    def look(self, patience: float) -> list[Ended]:
        """Wait for news, at most so long; give what has ended, and see to those out of time."""
        deaths = self._crew.wait(patience)
        ended = [one for seat in self._seats for one in seat.collect(self._now)]
        if ended:
            self._barren = 0
        self._returns.give_back(
            one.message for one in ended if one.result in (Result.RETURNED, Result.UNKNOWN)
        )
        for death in deaths:
            self._bury(death)
        for seat in self._seats:
            self._watch(seat)
        return ended

    def _bury(self, death: Death) -> None:
        """Settle what a dead worker leaves, and put another one in its seat."""
        seat = next(seat for seat in self._seats if seat.worker is death.worker)
        self._seats.remove(seat)
        at = seat.running
        self._run.warn(
            Event.QUEUE_WORKER_DIED,
            death.words,
            killed_for=seat.killed_for,
            message_id=at.message.id if at else None,
            message_type=at.message.type if at else None,
        )
        self._returns.inherit(seat, death)
        self._barren += 1 if at is None and not seat.killed_for else 0
        if self._barren > self._most_barren:
            raise JobError(f"workers die before they are at any message: {death.words}")
        if not self._closing:
            self._hire()

    def _watch(self, seat: Seat) -> None:
        """See to a worker's time: its message's limit, what waits behind it, what is lost."""
        running = seat.running
        if seat.killed_for or running is None:
            return
        took = self._now - running.since
        if claim_of(running.message) in seat.gone:
            self._kill_after(seat, too_long=took >= LOST_SECONDS, why=LOST)
            return
        limit = self._types.limit(running.message.type).total_seconds()
        self._kill_after(seat, too_long=took >= limit, why=LIMIT)
        seat.is_slow = took >= RECALL_SECONDS
        if seat.is_slow and (waiting := seat.unbegun):
            self._returns.give_back(waiting)
            seat.let_go([claim_of(message) for message in waiting])

    def _kill_after(self, seat: Seat, *, too_long: bool, why: str) -> None:
        """Kill a worker that shows first where it is; the log keeps that."""
        if not too_long:
            seat.stacks_shown_at = None
        elif seat.stacks_shown_at is None:
            seat.stacks_shown_at = self._now
            seat.worker.show_stacks()
        elif self._now - seat.stacks_shown_at >= STACKS_SECONDS:
            seat.killed_for = why
            seat.worker.kill()

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Ask all to take up no further message."""
        self._closing = True
        for seat in self._seats:
            seat.worker.stop()

    def kill_busy(self) -> None:
        for seat in self._seats:
            if seat.is_busy:
                seat.killed_for = DRAIN
                seat.worker.kill()

    def dismiss(self) -> None:
        self._crew.dismiss()
