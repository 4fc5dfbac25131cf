"""One run of the processor, turn by turn: what workers did, what falls due, what is next."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress

from domain.errors import StoreUnavailable
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.queue.counts import Counts
from domain.queue.dao import QueueDAO, Wanted
from domain.queue.floor import Floor
from domain.queue.process_request import ProcessRequest
from domain.queue.returns import Returns
from domain.queue.seat import LARGEST_BATCH
from domain.queue.station import Station
from domain.queue.tally import Tally

BUSY_SECONDS = 0.05
"""How long the parent sleeps at most while workers are at work: limits are as exact as that."""

IDLE_SECONDS = 0.01
DROWSY_SECONDS = 0.02
DROWSY_AFTER_SECONDS = 1.0
"""An idle queue is asked for messages a hundred times a second, and fifty after a while."""

SWEEP_SECONDS = 1.0
"""A lease is as long as sixty of these, so looking more often would find nothing more."""

COUNT_SECONDS = 5.0
CHECKPOINT_SECONDS = 0.1

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
        self._counts = Counts(request.queue)
        self._returns = Returns(station.types, self.tally, self._counts)
        self._floor = Floor(station.crew(), station.types, self._returns, station.clock, run)
        self.dao: QueueDAO = station.fresh()
        self._began = self._last_found = self._clock.monotonic()
        self._poll_at = self._sweep_at = self._checkpoint_at = self._count_at = -math.inf
        self._beat_at = math.inf
        self._away_since: float | None = None
        self._retry_at = -math.inf
        self._is_empty = False
        self._closing = False

    # --- its course -----------------------------------------------------------------------------

    def open(self) -> None:
        """Fork the workers before the database is opened."""
        self._floor.open(self._workers)

    def work(self) -> None:
        """Go on until the time is over, enough is done, or nothing is left to do."""
        while not self._is_over:
            self._turn()
            self._checkpoint()
        self._close()
        while self._is_unsettled:
            self._turn()
            self._checkpoint()
        self._write_counts()

    def leave(self) -> None:
        """On the way out: let running handlers finish within the grace, and give back the rest."""
        self.dao = self._station.fresh()  # the other one may be cut off within a statement
        until = self._now + max(self._station.grace.total_seconds() - MARGIN_SECONDS, 0.0)
        self._close()
        while self._is_unsettled:
            if self._now >= until:
                until = math.inf
                self._floor.kill_busy()
            self._turn()
        self._write_counts()

    def dismiss(self) -> None:
        self._floor.dismiss()

    def _close(self) -> None:
        """Claim no more, and let the workers take up no further message."""
        self._closing = True
        self._floor.close()

    @property
    def _is_unsettled(self) -> bool:
        return self._floor.is_busy or bool(self._returns)

    def _write_counts(self) -> None:
        with suppress(StoreUnavailable):  # no message is worse off for it
            self._counts.write(self.dao)

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    @property
    def _is_over(self) -> bool:
        request = self._request
        if self._now - self._began >= request.max_seconds:
            return True
        if self._is_unsettled:
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
            self._run.checkpoint("processing" if self._floor.is_busy else "waiting")

    # --- one turn -------------------------------------------------------------------------------

    def _turn(self) -> None:
        if ended := self._floor.look(self._patience):
            self.tally.add(ended)
            self._counts.ended(ended)
            self._look_again()
        if self._now >= self._retry_at:
            self._serve()

    def _look_again(self) -> None:
        """Ask for messages at once: what just ended may have let others become due."""
        self._is_empty = False
        self._poll_at = -math.inf

    @property
    def _patience(self) -> float:
        due = -math.inf if self._returns else min(self._due_at)
        return min(max(due - self._now, self._retry_at - self._now, 0.0), BUSY_SECONDS)

    @property
    def _due_at(self) -> Iterator[float]:
        yield self._beat_at
        if not self._closing:
            yield self._sweep_at
            if self._most > 0:
                yield self._poll_at

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
        if self._returns:
            yield self._send_returns
        if self._now >= self._beat_at:
            yield self._beat
        if self._now >= self._count_at:
            yield self._count
        if self._closing:
            return
        if self._now >= self._sweep_at:
            yield self._sweep
        if self._now >= self._poll_at and self._most > 0:
            yield self._claim

    def _send_returns(self) -> None:
        if self._returns.send(self.dao):
            self._sweep_at = -math.inf
        self._look_again()

    def _beat(self) -> None:
        """Renew the leases of all that the workers hold."""
        held = self._floor.held
        if held:
            lost = set(held) - set(self.dao.heartbeat(held))
            self._floor.let_go(lost)
        self._beat_at = self._now + self._beat_seconds if self._floor.is_busy else math.inf

    @property
    def _beat_seconds(self) -> float:
        return self._station.limits.heartbeat.total_seconds()

    def _count(self) -> None:
        self._counts.write(self.dao)
        self._count_at = self._now + COUNT_SECONDS

    def _sweep(self) -> None:
        swept = self.dao.restart_stale(self._request.queue, LARGEST_BATCH)
        self.tally.sweep(swept)
        self._counts.swept(swept)
        if swept:
            self._look_again()
        if len(swept) < LARGEST_BATCH:
            self._sweep_at = self._now + SWEEP_SECONDS

    @property
    def _most(self) -> int:
        """How many messages may be claimed now."""
        allowed = self._allowance
        if allowed < math.inf:
            allowed = max(allowed - len(self._floor.held), 0)
        return int(min(self._floor.room, LARGEST_BATCH, allowed))

    def _claim(self) -> None:
        most = self._most
        found = self.dao.claim(self._wanted, self._run.run_id, most)
        now = self._now
        self._is_empty = not found
        if found:
            self._floor.hand(found)
            self._counts.claimed(len(found))
            self._last_found = now
            self._beat_at = min(self._beat_at, now + self._beat_seconds)
        if len(found) < most:
            drowsy = now - self._last_found > DROWSY_AFTER_SECONDS
            self._poll_at = now + (DROWSY_SECONDS if drowsy else IDLE_SECONDS)
