"""CR-014's folders in memory: for each path the tallies it comes to, or what it fails of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.jobs.session_purge.policy import Basis, SessionFolder
from domain.jobs.session_purge.ports import Tally

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FixedClock:
    """Noon, for ever."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


@dataclass
class FakeSessionFiles:
    """Notes every order."""

    tallies: Mapping[str, Sequence[Tally] | Exception]
    orders: list[tuple[str, datetime, Basis, bool]] = field(default_factory=list)

    def purge(
        self, folder: SessionFolder, before: datetime, basis: Basis, *, dry_run: bool
    ) -> Iterator[Tally]:
        self.orders.append((folder.path, before, basis, dry_run))
        found = self.tallies[folder.path]
        if isinstance(found, Exception):
            raise found
        yield from found
