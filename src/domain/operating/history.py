"""What the ledger tells of runs that were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.operating.ports import Pause
from domain.operating.run import Start


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """One attempt of a run; ``outcome`` is None while it runs."""

    attempt: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run as the ledger keeps it; ``outcome`` is None while it runs."""

    start: Start
    outcome: str | None
    exit_code: int | None
    message: str
    error: str
    finished_at: datetime | None
    attempts: int
    lock_key: str | None
    fence: int | None
    holder_run_id: str | None
    summary: Mapping[str, Any]
    log_tail: str


class RunBook(Protocol):
    """The ledger for readers."""

    def runs(
        self, *, limit: int, command: str | None, outcome: str | None
    ) -> Sequence[RunRecord]: ...
    def run(self, run_id: str) -> RunRecord:
        """Find by id or its unique beginning. Raises Refused where none or several match."""
        ...

    def attempts(self, run_id: str) -> Sequence[AttemptRecord]: ...


class Pauses(Protocol):
    """Who paused what; each change leaves an audit row."""

    def all(self) -> Sequence[Pause]: ...
    def pause(self, pause: Pause) -> None: ...
    def resume(self, command: str, *, actor: str, reason: str, now: datetime) -> bool:
        """Lift a pause; False where there was none."""
        ...


class Audit(Protocol):
    """Who changed what by hand, and why."""

    def note(self, *, actor: str, verb: str, target: str, reason: str, at: datetime) -> None: ...
