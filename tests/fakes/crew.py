"""Workers as their parent sees them, in memory; the test says what they do and of what they die."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from domain.queue.crew import Death, Doing, Order, Result, Worker
from fakes.operating import FakeClock

_TURN_SECONDS = 0.0001
"""However short the wait, a turn takes time."""


class FakeWorker:
    """A worker as its parent sees it; the test says what it does."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.orders: list[Order] = []
        self.begun = 0
        self.doing: Doing | None = None
        self.is_stopping = self.is_killed = False
        self.stacks = 0
        self._results: list[Result] = []
        self._errors: list[tuple[int, str]] = []

    def end(self, *results: Result, error: str = "") -> None:
        """End so many of the messages it was handed, in their order."""
        self._results += results
        if error:
            self._errors.append((0, error))
        self.doing = None

    def hand(self, orders: Sequence[Order]) -> None:
        self.orders += orders

    def results(self) -> Sequence[Result]:
        results, self._results = self._results, []
        return results

    def errors(self) -> Sequence[tuple[int, str]]:
        errors, self._errors = self._errors, []
        return errors

    def stop(self) -> None:
        self.is_stopping = True

    def show_stacks(self) -> None:
        self.stacks += 1

    def kill(self) -> None:
        self.is_killed = True


class FakeCrew:
    """Tells deaths at the next wait; while it waits, the clock goes on and the test may act."""

    def __init__(self, clock: FakeClock, meanwhile: Callable[[FakeCrew], None]) -> None:
        self._clock, self._meanwhile = clock, meanwhile
        self.workers: list[FakeWorker] = []
        self.hired = 0
        self.waits: list[float] = []
        self.is_dismissed = False

    def hire(self) -> Worker:
        self.workers.append(FakeWorker(self.hired))
        self.hired += 1
        return self.workers[-1]

    def wait(self, seconds: float) -> Sequence[Death]:
        self.waits.append(seconds)
        assert len(self.waits) < 10_000, "it turns for ever"
        self._clock.advance(seconds + _TURN_SECONDS)
        self._meanwhile(self)
        dead = [worker for worker in self.workers if worker.is_killed]
        self.workers = [worker for worker in self.workers if not worker.is_killed]
        return [Death(worker=worker, words="WorkerDied: by the test") for worker in dead]

    def dismiss(self) -> None:
        self.is_dismissed = True


class FakeTypes:
    """Every type has one limit."""

    def __init__(self, limit: timedelta = timedelta(seconds=30)) -> None:
        self._limit = limit

    def limit(self, type_: str) -> timedelta:
        return self._limit

    def wait(self, type_: str, attempts: int) -> timedelta:
        return timedelta(seconds=attempts)
