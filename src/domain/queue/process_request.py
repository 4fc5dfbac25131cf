"""What a processor is asked for: read before the lock is held, so nothing else is loaded here."""

from __future__ import annotations

from dataclasses import dataclass

from domain.queue.job import Direction


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
