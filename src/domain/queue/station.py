"""What a processor is asked for, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.operating.ports import Clock
from domain.queue.crew import Crew, Types
from domain.queue.dao import QueueDAO, Wanted
from domain.queue.job import Direction
from domain.queue.stale import Limits


@dataclass(frozen=True, kw_only=True)
class ProcessRequest:
    """What was typed; ``direction`` None is both, ``types`` empty is all.

    ``workers`` None are as many as the queue's setting says.
    """

    queue: str
    direction: Direction | None = None
    types: tuple[str, ...] = ()
    workers: int | None = None
    max_jobs: int | None = None
    max_seconds: float = 50.0
    stop_when_empty: bool = False
    force_restart: bool = False
    including_live: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        """Name what is processed; starts that process different parts are different firings."""
        parts = (self.queue, *([self.direction] if self.direction else ()), *sorted(self.types))
        return ".".join(parts)


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
