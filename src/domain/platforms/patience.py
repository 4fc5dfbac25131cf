"""How long a platform is waited for, and when no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from domain.operating.ports import Clock, Entropy
from domain.platforms.ports import BudgetSpent
from domain.transfers.failures import TransferBroken

TRIES = 5
_FIRST_SECONDS, _LONGEST_SECONDS = 1.0, 60.0
_NAP_SECONDS = 1.0

_T = TypeVar("_T")


class Patience:
    """Asks again what may pass by itself, within one platform's share of the run.

    The wait that the platform names wins; else it doubles, with full jitter.
    """

    def __init__(
        self, clock: Clock, entropy: Entropy, budget: timedelta, woken: Callable[[str], None]
    ) -> None:
        self._clock, self._entropy, self._woken = clock, entropy, woken
        self._budget = budget
        self._deadline = clock.monotonic() + budget.total_seconds()

    @property
    def left(self) -> timedelta:
        """Time for the next answer. Raises BudgetSpent where there is none."""
        seconds = self._deadline - self._clock.monotonic()
        if seconds <= 0:
            raise BudgetSpent(
                f"its {self._budget.total_seconds():.0f} s are over (budget_seconds);"
                " what was read is stored, and the next run goes on"
            )
        return timedelta(seconds=seconds)

    def persist(self, ask: Callable[[], _T]) -> _T:
        """Ask until there is an answer. Raises the last TransferBroken."""
        for tried in range(TRIES - 1):
            try:
                return ask()
            except TransferBroken as error:
                self._wait(error, tried)
        return ask()

    def _wait(self, error: TransferBroken, tried: int) -> None:
        cap = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2**tried)
        asked = error.retry_after
        seconds = asked.total_seconds() if asked else self._entropy.uniform(0, cap)
        if timedelta(seconds=seconds) >= self.left:
            raise error
        until = self._clock.monotonic() + seconds
        while (rest := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(rest, _NAP_SECONDS))
            self._woken("waiting")
