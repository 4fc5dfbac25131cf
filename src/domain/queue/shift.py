"""One run of the processor, turn by turn: what workers did, what falls due, what is next."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from domain.errors import JobError, StoreUnavailable
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.queue.crew import Crew, Death, Result
from domain.queue.dao import QueueDAO, Wanted
from domain.queue.returns import DRAIN, LIMIT, Returns
from domain.queue.seat import Seat, claim_of, dealt
from domain.queue.station import ProcessRequest, Station
from domain.queue.tally import Tally

BUSY_SECONDS = 0.05
"""How long the parent sleeps at most while workers are at work: limits are as exact as that."""

IDLE_SECONDS = 0.01
DROWSY_SECONDS = 0.02
DROWSY_AFTER_SECONDS = 1.0
"""An idle queue is asked for messages a hundred times a second, and fifty after a while."""

SWEEP_SECONDS = 1.0
"""A lease is as long as sixty of these, so looking more often would find nothing more."""

CHECKPOINT_SECONDS = 0.1
RECALL_SECONDS = 1.0
"""What waits behind a message that takes so long is given to others."""

STACKS_SECONDS = 0.1
"""Between a handler's showing where it is and its end."""

LOST_SECONDS = 1.0
"""A handler whose message is another's may be just about to find out by itself."""

MOST_BARREN_DEATHS = 3
MOST_AT_ONCE = 100

MARGIN_SECONDS = 2.0
"""Taken off the contract's grace, to give back what was not finished in it."""


class Shift:
    """The parent's side; every step on the database may fail and is done again next turn."""

    def __init__(
        self, station: Station, request: ProcessRequest, wanted: Wanted, run: ActiveRun
    ) -> None:
        self._station, self._request, self._wanted = station, request, wanted
        self._run, self._clock = run, station.clock
        self._workers = request.workers or station.workers(request.queue)
        self.tally = Tally()
        self._crew: Crew = station.crew()
        self.dao: QueueDAO = station.fresh()
        self._returns = Returns(station.types, self.tally)
        self._seats: list[Seat] = []
        self._began = self._clock.monotonic()
        self._poll_at = self._sweep_at = self._checkpoint_at = -math.inf
        self._beat_at = math.inf
        self._last_found = self._began
        self._away_since: float | None = None
        self._retry_at = -math.inf
        self._barren = 0
        self._is_empty = False
        self._closing = False

    # --- its course -----------------------------------------------------------------------------

    def open(self) -> None:
        """Fork the workers before the database is opened."""
        for _ in range(self._workers):
            self._seats.append(Seat(self._crew.hire(), self._now))

    def work(self) -> None:
        """Go on until the time is over, enough is done, or nothing is left to do."""
        while not self._is_over:
            self._turn()
            self._checkpoint()
        self._close(math.inf)

    def leave(self) -> None:
        """On the way out: let running handlers finish within the grace, and give back the rest."""
        self.dao = self._station.fresh()  # the other one may be cut off within a statement
        grace = self._station.grace.total_seconds() - MARGIN_SECONDS
        self._close(self._now + max(grace, 0.0))

    def dismiss(self) -> None:
        self._crew.dismiss()

    def _close(self, until: float) -> None:
        """Claim no more; wait for the workers; kill those that are not done by then."""
        self._closing = True
        self._poll_at = math.inf
        for seat in self._seats:
            seat.worker.stop()
        while self._held_by_workers or self._returns:
            if self._now >= until:
                until = math.inf
                self._kill_all()
            self._turn()

    def _kill_all(self) -> None:
        for seat in self._seats:
            if seat.is_busy:
                seat.killed_for = DRAIN
                seat.worker.kill()

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    @property
    def _held_by_workers(self) -> bool:
        return any(seat.is_busy for seat in self._seats)

    @property
    def _is_over(self) -> bool:
        request = self._request
        if self._now - self._began >= request.max_seconds:
            return True
        if self._held_by_workers or self._returns:
            return False
        return self._allowance <= 0 or (request.stop_when_empty and self._is_empty)

    @property
    def _allowance(self) -> float:
        most = self._request.max_jobs
        return math.inf if most is None else most - self.tally.ended

    def _checkpoint(self) -> None:
        if self._now >= self._checkpoint_at:
            self._checkpoint_at = self._now + CHECKPOINT_SECONDS
            self._run.progress("messages", self.tally.ended, self._request.max_jobs)
            self._run.checkpoint("processing" if self._held_by_workers else "waiting")

    # --- one turn -------------------------------------------------------------------------------

    def _turn(self) -> None:
        deaths = self._crew.wait(self._patience)
        for seat in self._seats:
            self._collect(seat)
        for death in deaths:
            self._bury(death)
        for seat in self._seats:
            self._watch(seat)
        if self._now >= self._retry_at:
            self._serve()

    @property
    def _patience(self) -> float:
        due = self._beat_at if self._closing else min(self._beat_at, self._sweep_at)
        if self._has_room:
            due = min(due, self._poll_at)
        if self._returns:
            due = -math.inf
        return min(max(due - self._now, self._retry_at - self._now, 0.0), BUSY_SECONDS)

    def _serve(self) -> None:
        """Do what needs the database; it may be away for half a lease, then others take over."""
        try:
            for step in self._steps():
                step()
            self._away_since = None
        except StoreUnavailable as error:
            self._retry_at = self._now + BUSY_SECONDS
            if self._away_since is None:
                self._away_since = self._now
                self._run.warn(Event.QUEUE_AWAY, str(error))
            if self._now - self._away_since >= self._station.limits.lease.total_seconds() / 2:
                raise

    def _steps(self) -> Iterator[Callable[[], None]]:
        yield self._send_returns
        if self._now >= self._beat_at:
            yield self._beat
        if self._now >= self._sweep_at and not self._closing:
            yield self._sweep
        if self._now >= self._poll_at and self._has_room:
            yield self._claim

    # --- what workers have done -----------------------------------------------------------------

    def _collect(self, seat: Seat) -> None:
        ended = seat.collect(self._now)
        if not ended:
            return
        self._barren = 0
        self._look_again()
        self.tally.add(ended)
        self._returns.give_back(
            one.message for one in ended if one.result in (Result.RETURNED, Result.UNKNOWN)
        )

    def _look_again(self) -> None:
        """Ask for messages at once: what just ended may have let others become due."""
        self._is_empty = False
        self._poll_at = self._poll_at if self._closing else -math.inf

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
        self._sweep_at = -math.inf
        self._barren += 1 if at is None and not seat.killed_for else 0
        if self._barren > MOST_BARREN_DEATHS * self._workers:
            raise JobError(f"workers die before they are at any message: {death.words}")
        if not self._closing:
            self._seats.append(Seat(self._crew.hire(), self._now))

    def _watch(self, seat: Seat) -> None:
        """See to a worker's time: its message's limit, what waits behind it, what is lost."""
        running = seat.running
        if seat.killed_for or running is None:
            return
        took = self._now - running.since
        if claim_of(running.message) not in {claim_of(m) for m in seat.held}:
            self._kill_after(seat, took_too_long=took >= LOST_SECONDS, why="lost")
            return
        limit = self._station.types.limit(running.message.type).total_seconds()
        self._kill_after(seat, took_too_long=took >= limit, why=LIMIT)
        seat.is_slow = took >= RECALL_SECONDS
        if seat.is_slow and (waiting := seat.unbegun):
            self._returns.give_back(waiting)
            seat.let_go([claim_of(message) for message in waiting])

    def _kill_after(self, seat: Seat, *, took_too_long: bool, why: str) -> None:
        """Kill a worker that shows first where it is; the log keeps that."""
        if not took_too_long:
            seat.stacks_shown_at = None
        elif seat.stacks_shown_at is None:
            seat.stacks_shown_at = self._now
            seat.worker.show_stacks()
        elif self._now - seat.stacks_shown_at >= STACKS_SECONDS:
            seat.killed_for = why
            seat.worker.kill()

    # --- what needs the database ----------------------------------------------------------------

    def _send_returns(self) -> None:
        if self._returns:
            self._returns.send(self.dao)
            self._look_again()

    def _beat(self) -> None:
        """Renew the leases of all that the workers hold."""
        held = [claim_of(message) for seat in self._seats for message in seat.held]
        if held:
            kept = set(self.dao.heartbeat(held))
            for seat in self._seats:
                seat.let_go([c for m in seat.held if (c := claim_of(m)) not in kept])
        self._beat_at = self._now + self._beat_seconds if self._held_by_workers else math.inf

    @property
    def _beat_seconds(self) -> float:
        return self._station.limits.heartbeat.total_seconds()

    def _sweep(self) -> None:
        swept = self.dao.restart_stale(self._request.queue, MOST_AT_ONCE)
        self.tally.sweep(swept)
        if swept:
            self._look_again()
        if len(swept) < MOST_AT_ONCE:
            self._sweep_at = self._now + SWEEP_SECONDS

    @property
    def _has_room(self) -> bool:
        return self._most > 0

    @property
    def _most(self) -> int:
        """How many messages may be claimed now."""
        room = sum(seat.room for seat in self._seats)
        in_hand = sum(len(seat.held) for seat in self._seats)
        return int(min(room, MOST_AT_ONCE, max(self._allowance - in_hand, 0)))

    def _claim(self) -> None:
        most = self._most
        found = self.dao.claim(self._wanted, self._run.run_id, most)
        now = self._now
        self._is_empty = not found
        for seat, messages in dealt(found, self._seats):
            seat.hand(messages, now)
        if found:
            self._last_found = now
            self._beat_at = min(self._beat_at, now + self._beat_seconds)
        if len(found) < most:
            drowsy = now - self._last_found > DROWSY_AFTER_SECONDS
            self._poll_at = now + (DROWSY_SECONDS if drowsy else IDLE_SECONDS)
