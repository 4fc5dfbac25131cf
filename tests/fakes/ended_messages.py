"""The ended messages of CR-005 in memory, each deletion as slow as the test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.cleaning.stretches import Batch, Pile, Stretch
from domain.operating.ports import ActiveRun
from domain.queue.cleaning import Kind
from domain.queue.job import Status
from domain.queue.retention import Cutoffs

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, FRESH = timedelta(days=30), timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """What the cleaner looks at."""

    age: timedelta
    status: Status = Status.PROCESSED
    queue: str = "general"

    @property
    def created(self) -> datetime:
        return NOON - self.age


@dataclass
class FakeEndedMessages:
    """Rows by id; notes every look and batch."""

    rows: dict[int, Row] = field(default_factory=dict)
    seconds: float = 0.001
    looks: list[tuple[int, int]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def add(self, count: int, row: Row, *, gap: int = 1) -> None:
        first = max(self.rows, default=0) + gap
        self.rows.update((first + number, row) for number in range(count))

    def now(self) -> datetime:
        return NOON

    def look(self, after: int, most: int, cutoffs: Cutoffs) -> Stretch[Kind] | None:
        self.looks.append((after, most))
        ids = [number for number in sorted(self.rows) if number > after][:most]
        if not ids:
            return None
        created = [self.rows[number].created for number in ids]
        kinds = Counter((self.rows[n].queue, self.rows[n].status) for n in ids)
        return Stretch(
            after=after,
            upto=ids[-1],
            rows=len(ids),
            is_new=min(created) >= cutoffs.processed and max(created) <= cutoffs.now,
            piles=[
                self._pile(ids, kind, rows, cutoffs)
                for kind, rows in kinds.items()
                if kind[1] in cutoffs.statuses
            ],
        )

    def _pile(self, ids: Sequence[int], kind: Kind, rows: int, cutoffs: Cutoffs) -> Pile[Kind]:
        _, status = kind
        old = [
            number
            for number in ids
            if (self.rows[number].queue, self.rows[number].status) == kind
            and self.rows[number].created < cutoffs.statuses[status]
        ]
        ends = (old[0], old[-1]) if old else (0, 0)
        return Pile(kind=kind, rows=rows, old=len(old), first=ends[0], last=ends[1])

    def _goes(self, number: int, pile: Pile[Kind], cutoffs: Cutoffs) -> bool:
        row = self.rows[number]
        within = pile.old and pile.first <= number <= pile.last
        of_pile = (row.queue, row.status) == pile.kind
        return bool(within and of_pile and row.created < cutoffs.statuses[row.status])

    def delete(self, piles: Sequence[Pile[Kind]], cutoffs: Cutoffs, run: ActiveRun) -> Batch[Kind]:
        gone = [n for n in self.rows if any(self._goes(n, pile, cutoffs) for pile in piles)]
        deleted = Counter((self.rows[n].queue, self.rows[n].status) for n in gone)
        for number in gone:
            del self.rows[number]
        self.batches.append(deleted.total())
        return Batch(deleted=deleted, seconds=self.seconds)
