"""A runner on a stage: all its ports played, and the journal of who was asked in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from domain.operating.contract import Contract
from domain.operating.job import Ending, Job
from domain.operating.ports import ActiveRun, AttemptEnd, Closing, Died, JobCall, Lease
from domain.operating.run import Outcome, Start, Summary, Verdict
from domain.operating.runner import Runner
from fakes.operating import (
    CONTRACT,
    START,
    THREE,
    FakeClock,
    FixedEntropy,
    MemoryLedger,
    MemoryLocks,
    Outages,
    RecordedLog,
)


class ScriptedAttempts:
    """Plays the given ends in order; ``between`` happens during each wait."""

    def __init__(self, journal: list[str], clock: FakeClock) -> None:
        self.ends: list[AttemptEnd | Exception] = []
        self.seconds = 1.0
        self.waits: list[float] = []
        self.stopped_by: Died | None = None
        self.between: Callable[[], None] = lambda: None
        self.leases: Sequence[Lease] = ()
        self._journal, self._clock = journal, clock

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd:
        self._journal.append(f"attempt {attempt}")
        self._clock.advance(self.seconds)
        self.leases = leases
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    def wait(self, seconds: float) -> Died | None:
        self._journal.append("wait")
        self.waits.append(seconds)
        if self.stopped_by is None:
            self._clock.advance(seconds)
            self.between()
        return self.stopped_by


class CountedMetrics(Outages):
    """Notes whose metrics are published."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(journal)
        self.jobs: list[str] = []

    def publish(self, job: str) -> None:
        self.step("publish")
        self.jobs.append(job)


class HeardAlerts(Outages):
    """Notes which outcomes were told."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(journal)
        self.outcomes: list[Outcome] = []

    def tell(self, job: JobCall, verdict: Verdict, summary: Summary | None) -> None:
        self.step("tell")
        self.outcomes.append(verdict.outcome)


@dataclass(frozen=True)
class EveryMinutes:
    """A cadence of so many minutes, counted from midnight."""

    minutes: int
    schedule_id: str = "cr-010-sample"
    start_grace: timedelta = timedelta(minutes=5)

    def newest(self, now: datetime) -> datetime:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (now - midnight) // self._step * self._step

    def between(self, after: datetime, before: datetime, most: int) -> Sequence[datetime]:
        found, instant = [], self.newest(after) + self._step
        while instant < before:
            found.append(instant)
            instant += self._step
        return tuple(found[-most:])

    @property
    def _step(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass
class Stage:
    """A runner with all its fakes, and the journal of who was asked in which order."""

    journal: list[str] = field(default_factory=list)
    contract: Contract = CONTRACT
    schedule: EveryMinutes | None = None
    start_grace: timedelta = timedelta(minutes=5)
    switched_on: bool = True

    def __post_init__(self) -> None:
        self.clock, self.entropy, self.log = FakeClock(), FixedEntropy(), RecordedLog()
        self.ledger, self.locks = MemoryLedger(self.journal), MemoryLocks(self.journal)
        self.attempts = ScriptedAttempts(self.journal, self.clock)
        self.metrics = CountedMetrics(self.journal)
        self.alerts = HeardAlerts(self.journal)

    def run(self, *ends: AttemptEnd | Exception, **start: Any) -> Ending:
        self.attempts.ends = list(ends)
        return self.runner().run(self.job(replace(START, **start)))

    def runner(self) -> Runner:
        return Runner(
            ledger=self.ledger,
            locks=self.locks,
            attempts=self.attempts,
            metrics=self.metrics,
            alerts=self.alerts,
            log=self.log,
            clock=self.clock,
            entropy=self.entropy,
        )

    def job(self, start: Start) -> Job:
        return Job(
            start=start,
            contract=self.contract,
            lock_keys=tuple(self.contract.lock.split()),
            schedule=self.schedule,
            start_grace=self.start_grace,
            switched_on=self.switched_on,
            soft_deadline=self.clock.monotonic() + self.contract.timeout.total_seconds(),
            work=_never_called_here,
        )

    def allow(self, **retry: Any) -> None:
        """Change the contract's retry."""
        self.contract = replace(self.contract, retry=replace(self.contract.retry, **retry))

    def settle(self, outcome: Outcome, *, run_id: str = "run-0", slot: datetime = THREE) -> None:
        """Put an earlier run of the slot on record."""
        self.ledger.slots[slot] = run_id
        self.ledger.closings[run_id] = Closing(
            verdict=Verdict.of(outcome),
            finished_at=slot,
            attempts=1,
            summary=None,
            log_tail="",
            holder_run_id=None,
        )


def _never_called_here(run: ActiveRun) -> Summary:
    raise AssertionError("the scripted attempts stand for the work")
