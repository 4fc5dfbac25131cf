"""Page hits and counters in memory, as far as the service asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from domain.jobs.page_counters.ports import Position, Quarter, Tally
from domain.jobs.page_counters.rules import Day
from domain.operating.ports import ActiveRun

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@dataclass
class MemoryCounters:
    """The CounterStore port; hits are (id, when), a rejected one happened before 1971."""

    hits: list[tuple[int, datetime]] = field(default_factory=list)
    last_id: int | None = None
    newest_id: int = 0
    shown: dict[date, int] = field(default_factory=dict)
    late: dict[date, int] = field(default_factory=dict)
    commits: list[int | None] = field(default_factory=list)

    def position(self, from_id: int | None) -> Position:
        after = (self.last_id or 0) if from_id is None else from_id
        newest = max((number for number, _ in self.hits), default=self.newest_id)
        ready = newest if newest > after else 0
        return Position(
            last_id=self.last_id, after=after, newest_id=newest, ready_id=ready, now=NOON
        )

    def quarters(self, after: int, upto: int) -> Sequence[Quarter]:
        return [
            Quarter(begins=when, hits=int(when.year > 1970), rejected=int(when.year == 1970))
            for number, when in self.hits
            if after < number <= upto
        ]

    @contextmanager
    def recount(self, upto: int) -> Iterator[MemoryRecount]:
        yield MemoryRecount(self, upto)


@dataclass
class MemoryRecount:
    """The Recount port: what was added is shown as a whole."""

    store: MemoryCounters
    upto: int
    days: dict[date, int] = field(default_factory=dict)

    def add(self, day: Day) -> Tally:
        hits = sum(
            day.begins <= when < day.ends for number, when in self.store.hits if number <= self.upto
        )
        before = self.store.shown.get(day.day, 0)
        self.days[day.day] = hits
        return Tally(views=hits, visitors=hits, others={}, before=before, is_changed=hits != before)

    def forget(self) -> None:
        self.days.clear()

    def show(
        self, run: ActiveRun, *, late: Mapping[date, int] | None = None, last_id: int | None = None
    ) -> None:
        self.store.shown.update(self.days)
        for day, hits in (late or {}).items():
            self.store.late[day] = self.store.late.get(day, 0) + hits
        if last_id is not None:
            self.store.last_id = last_id
        self.store.commits.append(last_id)
        self.forget()
