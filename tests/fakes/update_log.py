"""CR-007's log and archive in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.cleaning.stretches import Batch, Pile, Stretch
from domain.jobs.log_cleaning.ports import LOG, Entry
from domain.operating.ports import ActiveRun

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class FakeUpdateLog:
    """Rows are their ages by id; ``story`` is what happened, in its order."""

    rows: dict[int, timedelta] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)

    def add(self, count: int, age: timedelta) -> None:
        first = max(self.rows, default=0) + 1
        self.rows.update((first + number, age) for number in range(count))

    def now(self) -> datetime:
        return NOON

    def before(self, cutoff: datetime) -> FakeOldRows:
        return FakeOldRows(self, cutoff)

    def read(self, part: Stretch[str], cutoff: datetime) -> Sequence[Entry]:
        return [{"id": number, "at": self.rows[number]} for number in self.old(part, cutoff)]

    def delete_just(
        self, part: Stretch[str], cutoff: datetime, ids: Iterable[int], run: ActiveRun
    ) -> float | None:
        run.checkpoint("deleting")
        if self.old(part, cutoff) != list(ids):
            return None
        self.before(cutoff).delete(part, run)
        return 0.001

    def are_there(self, entries: Sequence[Entry]) -> bool:
        return all(self.rows.get(entry["id"]) == entry["at"] for entry in entries)

    def old(self, part: Stretch[str], cutoff: datetime) -> list[int]:
        [pile] = part.piles
        span = range(pile.first, pile.last + 1)
        return [n for n in span if n in self.rows and NOON - self.rows[n] < cutoff]


@dataclass
class FakeOldRows:
    """The rows from before a cutoff."""

    log: FakeUpdateLog
    cutoff: datetime

    def look(self, after: int, most: int) -> Stretch[str] | None:
        ids = [number for number in sorted(self.log.rows) if number > after][:most]
        if not ids:
            return None
        at = [NOON - self.log.rows[number] for number in ids]
        old = [number for number, then in zip(ids, at, strict=True) if then < self.cutoff]
        first, last = (old[0], old[-1]) if old else (0, 0)
        pile = Pile(kind=LOG, rows=len(ids), old=len(old), first=first, last=last)
        is_new = not old and max(at) <= NOON
        return Stretch(after=after, upto=ids[-1], rows=len(ids), is_new=is_new, piles=[pile])

    def delete(self, part: Stretch[str], run: ActiveRun) -> Batch[str]:
        gone = self.log.old(part, self.cutoff)
        for number in gone:
            del self.log.rows[number]
        self.log.story.append(f"deleted {len(gone)}")
        return Batch(deleted={LOG: len(gone)}, seconds=0.001)


@dataclass
class FakeSealed:
    """An archive in memory, not valid yet."""

    rows: Sequence[Entry]
    archive: FakeArchive

    def entries(self) -> Sequence[Entry]:
        return self.rows

    def keep(self) -> None:
        self.archive.valid.extend(entry["id"] for entry in self.rows)
        self._settled("kept")

    def discard(self) -> None:
        self._settled("discarded")

    def _settled(self, word: str) -> None:
        self.archive.sealed.remove(self)
        self.archive.story.append(f"{word} {len(self.rows)}")


@dataclass
class FakeArchive:
    """Keeps the ids of what is valid."""

    story: list[str]
    valid: list[int] = field(default_factory=list)
    sealed: list[FakeSealed] = field(default_factory=list)

    def seal(self, entries: Sequence[Entry]) -> FakeSealed:
        made = FakeSealed(entries, self)
        self.sealed.append(made)
        self.story.append(f"sealed {len(entries)}")
        return made

    def unsettled(self) -> Iterator[FakeSealed]:
        yield from tuple(self.sealed)
