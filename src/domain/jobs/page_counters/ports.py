"""Page hits and counters as the counting sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.jobs.page_counters.rules import Day
from domain.operating.ports import ActiveRun


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far was counted, and what is there; ``last_id`` is None before the first count.

    ``ready_id`` is the newest hit behind ``after`` that is old enough, 0 where there is none.
    """

    last_id: int | None
    after: int
    newest_id: int
    ready_id: int
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """The new hits of a quarter of an hour: how many count, and how many are rejected."""

    begins: datetime
    hits: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a day's hits add up to, and what its counters said before."""

    views: int
    visitors: int
    others: Mapping[str, int]
    before: int
    is_changed: bool

    @property
    def hits(self) -> int:
        return self.views + sum(self.others.values())


class Recount(Protocol):
    """Days counted anew on one connection, not yet shown to anybody."""

    def add(self, day: Day) -> Tally:
        """Count a day's hits up to the id that the recount was opened with."""
        ...

    def forget(self) -> None:
        """Count no day that was added and not shown."""
        ...

    def show(
        self, run: ActiveRun, *, late: Mapping[date, int] | None = None, last_id: int | None = None
    ) -> None:
        """Put the counted days in place of the old ones, in one transaction with the watermark.

        ``late`` is added to hits that came when their day was closed; without it the days are
        complete now, and nothing of theirs is late any more. Commits only while the run's lease
        holds: raises LockLost.
        """
        ...


class CounterStore(Protocol):
    """Hits, counters and watermark. Raises StoreUnavailable."""

    def position(self, from_id: int | None) -> Position:
        """Look from where was counted up to, or from the given id."""
        ...

    def quarters(self, after: int, upto: int) -> Sequence[Quarter]:
        """Count the new hits behind an id, by when they happened."""
        ...

    def recount(self, upto: int) -> AbstractContextManager[Recount]: ...
