"""One start of a job on its way through the runner, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.operating.contract import Contract
from domain.operating.ports import ActiveRun
from domain.operating.run import Start, Summary, Verdict
from domain.operating.slot import Schedule


@dataclass(frozen=True, kw_only=True)
class Job:
    """One start with its contract, its locks and the work of its child.

    ``switched_on`` is the global switch (legacy ``cron-running``).
    """

    start: Start
    contract: Contract
    lock_keys: tuple[str, ...]
    schedule: Schedule | None
    start_grace: timedelta
    switched_on: bool
    soft_deadline: float
    work: Callable[[ActiveRun], Summary]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended, with what the ledger keeps of it."""

    verdict: Verdict
    summary: Summary | None = None
    attempts: int = 0
    output: str = ""
    holder_run_id: str | None = None
