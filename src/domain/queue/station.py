"""What a processor works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.operating.ports import Clock
from domain.queue.crew import Crew, Types
from domain.queue.dao import QueueDAO, Wanted
from domain.queue.stale import Limits


@dataclass(frozen=True, kw_only=True)
class Due:
    """How many messages of one type a processor would find now, and in which state."""

    type: str
    direction: str
    state: str
    count: int


class Outlook(Protocol):
    """Looks at the queue without touching it."""

    def due(self, wanted: Wanted, *, restart: bool, live: bool) -> Sequence[Due]: ...


@dataclass(frozen=True, kw_only=True)
class Station:
    """What a processor works with. ``fresh`` opens another connection to the queue.

    ``crew`` gathers the workers, ``workers`` tells how many a queue has by its setting, ``named``
    gives all names of a type, the legacy side's too.
    """

    fresh: Callable[[], QueueDAO]
    crew: Callable[[], Crew]
    workers: Callable[[str], int]
    outlook: Outlook
    types: Types
    named: Callable[[str], tuple[str, ...]]
    clock: Clock
    limits: Limits
    grace: timedelta
