"""One worker in the processor's own process, for a debugger: no limits, nothing is killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.queue.crew import Board, Death, Doing, Inbox, Order, Result
from infra.process.board import SharedBoard

Life = Callable[[], None]


class InlineWorker:
    """The Worker port and its own inbox; it works while its parent waits for it."""

    def __init__(self, number: int, born: Callable[[Board, Inbox], Life]) -> None:
        self.number, self.board = number, SharedBoard()
        self._orders: list[Order] = []
        self._errors: list[tuple[int, str]] = []
        self._life = born(self.board, self)

    def live(self) -> bool:
        """Handle what there is; False where there was nothing."""
        had_orders = bool(self._orders)
        self._life()
        return had_orders

    # --- as its parent sees it ------------------------------------------------------------------

    def hand(self, orders: Sequence[Order]) -> None:
        self._orders += orders

    def results(self) -> Sequence[Result]:
        return self.board.take()

    def errors(self) -> Sequence[tuple[int, str]]:
        errors, self._errors = self._errors, []
        return errors

    @property
    def begun(self) -> int:
        return self.board.begun

    @property
    def doing(self) -> Doing | None:
        return None

    def stop(self) -> None:
        self.board.stop()

    def show_stacks(self) -> None:
        """It is the caller's own stack."""

    def kill(self) -> None:
        """It lives as long as its parent."""

    # --- its inbox ------------------------------------------------------------------------------

    def orders(self, *, wait: bool) -> Sequence[Order] | None:
        orders, self._orders = self._orders, []
        return orders if orders or not wait else None

    def tell(self, place: int, error: str) -> None:
        self._errors.append((place, error))

    def wake(self) -> None:
        """Its parent waits for its return."""


class InlineCrew:
    """The Crew port; ``born`` gives a worker's life as a call that ends when its inbox is empty."""

    def __init__(
        self, born: Callable[[Board, Inbox], Life], pause: Callable[[float], None]
    ) -> None:
        self._born, self._pause = born, pause
        self._workers: list[InlineWorker] = []

    def hire(self) -> InlineWorker:
        worker = InlineWorker(len(self._workers), self._born)
        self._workers.append(worker)
        return worker

    def wait(self, seconds: float) -> Sequence[Death]:
        lived = [worker.live() for worker in self._workers]
        if not any(lived):
            self._pause(seconds)
        return ()

    def dismiss(self) -> None:
        """Nobody is left to be killed."""
