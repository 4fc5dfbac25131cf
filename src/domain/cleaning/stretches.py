"""A table by stretches of its primary key: what is old in each, and its deletion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from domain.cleaning.pace import LOOK_ROWS, Pace
from domain.operating.ports import ActiveRun

Kind = TypeVar("Kind", bound=Hashable)
"""By what rows are counted: a message's queue and status, a table's name."""

LEAVE = timedelta(seconds=20)
"""What is left of the run's time when it stops by itself."""


@dataclass(frozen=True, kw_only=True)
class Pile(Generic[Kind]):
    """The rows of one kind within a stretch.

    ``first`` and ``last`` are the ids between which the ``old`` ones are.
    """

    kind: Kind
    rows: int
    old: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Stretch(Generic[Kind]):
    """Rows one after another by id, behind ``after`` up to and with ``upto``, as looked at.

    ``is_new``: every one was created after the cutoffs and by now. A creation in the future is
    some clock's fault and says nothing about what stands behind.
    """

    after: int
    upto: int
    rows: int
    is_new: bool
    piles: Sequence[Pile[Kind]]

    @property
    def old(self) -> int:
        return sum(pile.old for pile in self.piles)


@dataclass(frozen=True, kw_only=True)
class Batch(Generic[Kind]):
    """What one transaction deleted, and how long it held its locks.

    ``further`` are the rows of other tables that went with them.
    """

    deleted: Mapping[Kind, int]
    seconds: float
    further: int = 0


class OldRows(Protocol[Kind]):
    """A table as its cleaner sees it. Raises StoreUnavailable."""

    def look(self, after: int, most: int) -> Stretch[Kind] | None:
        """Read up to ``most`` rows behind an id, without a lock; None where there is none."""
        ...

    def delete(self, part: Stretch[Kind], run: ActiveRun) -> Batch[Kind]:
        """Delete what is old in the stretch's piles in one transaction.

        Says every condition again, counts what went, and commits only while the run's lease
        holds: raises LockLost.
        """
        ...


@dataclass
class Survey(Generic[Kind]):
    """What is there before anything goes: where the old ones are, and how many others stay."""

    old: Counter[Kind] = field(default_factory=Counter)
    stay: int = 0
    stretches: list[Stretch[Kind]] = field(default_factory=list)

    @property
    def going(self) -> int:
        return self.old.total()

    def add(self, stretch: Stretch[Kind]) -> None:
        for pile in stretch.piles:
            self.stay += pile.rows - pile.old
            self.old[pile.kind] += pile.old
        if stretch.old:
            self.stretches.append(stretch)


def survey(
    rows: OldRows[Kind], run: ActiveRun, is_enough: Callable[[int, int], bool]
) -> Survey[Kind]:
    """Look until a whole stretch of new rows, behind which are only new ones.

    It goes on there until it is enough of (going, staying) for the share to be judged.
    """
    found: Survey[Kind] = Survey()
    after = 0
    while stretch := rows.look(after, LOOK_ROWS):
        run.checkpoint("looked")
        found.add(stretch)
        if stretch.is_new and stretch.rows == LOOK_ROWS and is_enough(found.going, found.stay):
            break
        after = stretch.upto
    return found


class Deletion(Generic[Kind]):
    """One run's deletions and what became of them."""

    def __init__(self, rows: OldRows[Kind], run: ActiveRun, what: str) -> None:
        self._rows, self._run, self._what = rows, run, what
        self._pace = Pace()
        self.deleted: Counter[Kind] = Counter()
        self.further = self._batches = 0

    def work(self, stretches: Sequence[Stretch[Kind]], most: int) -> None:
        """Delete what is old in the stretches; stops early where the time is over."""
        for stretch in stretches:
            after: int | None = stretch.after
            while after is not None and after < stretch.upto:
                left = most - self.deleted.total()
                if not left or self._run.remaining < LEAVE:
                    return
                after = self._batch(stretch, after, left)
                self._run.progress(f"{self._what} deleted", self.deleted.total(), most)

    def _batch(self, stretch: Stretch[Kind], after: int, most: int) -> int | None:
        """Delete at most so many; gives the id that it came to, None at the table's end."""
        whole = after == stretch.after and stretch.rows <= self._pace.rows
        part = stretch if whole else self._rows.look(after, self._pace.rows)
        if part and part.old > most:
            part = self._rows.look(after, most)
        if part is None:
            return None
        if part.old:
            self._run.checkpoint("batch")
            self._take(self._rows.delete(part, self._run))
        return part.upto

    def _take(self, batch: Batch[Kind]) -> None:
        self.deleted.update(batch.deleted)
        self.further += batch.further
        self._batches += 1
        self._pace.felt(batch.seconds)

    def remaining(self, found: Survey[Kind]) -> int:
        return max(found.going - self.deleted.total(), 0)

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._batches:
            return ()
        slowest = f"the longest held its locks for {self._pace.slowest * 1000:.0f} ms"
        return (f"{self._batches} batches, {slowest}",)
