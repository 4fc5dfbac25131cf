"""The supervisor's side of a run, wired: light adapters only, nothing that a job needs."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from domain.operating.contract import Contract
from domain.operating.job import Job
from domain.operating.ports import (
    ActiveRun,
    AttemptEnd,
    Attempts,
    Died,
    JobCall,
    Lease,
    Locks,
    Metrics,
)
from domain.operating.run import Start, Summary, Trigger
from domain.operating.runner import Runner
from domain.operating.slot import Firing, Schedule, slot_instant
from infra.boot import Boot
from infra.clock import SystemClock, SystemEntropy
from infra.process import identity
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from infra.telemetry.logs import JsonLog
from kernel.alarm import AlertsOnUse
from kernel.lock_stores import OpenStore, open_store
from kernel.run_options import RunOptions, correlation_id, firing
from kernel.version import VERSION

if TYPE_CHECKING:
    from infra.process.signals import StopSignals

Progress = Callable[[str, int, int | None], None]

Work = Callable[[ActiveRun], Summary]

ACTOR = "updating"
"""The user under whose name the legacy scripts act; audit columns of old and new rows match."""

_RUN_OPTIONS = ("--scheduled-at", "--correlation-id", "--reason")
_RUN_SWITCHES = ("--again", "--dry-run", "--no-fork")


@dataclass(frozen=True)
class Asked:
    """What was typed: the job's request, the options of every run, and the words themselves."""

    request: Any
    options: RunOptions
    words: Sequence[str]


class Supervision:
    """Builds the job and the runner of one start."""

    on_checkpoint: Callable[[str], None] | None = None
    """Called in the child at each checkpoint of the job."""

    def __init__(self, settings: Boot, log: JsonLog, progress: Progress | None = None) -> None:
        self._settings, self._log = settings, log
        self._progress = progress or _show_nothing
        self._clock, self._entropy = SystemClock(), SystemEntropy()

    @classmethod
    def quiet(cls, settings: Boot) -> Self:
        """Build one whose ledger and locks are read, without a run to log."""
        return cls(settings, JsonLog())

    @cached_property
    def stop_signals(self) -> StopSignals:
        """Enter them around the whole run, so that no TERM is lost between two attempts."""
        from infra.process.signals import StopSignals

        return StopSignals()

    @cached_property
    def database(self) -> Database:
        return Database(self._settings.database_url)

    @cached_property
    def store(self) -> OpenStore:
        return open_store(self._settings, self.database)

    @property
    def locks(self) -> Locks:
        return self.store.locks

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self.database, identity.alive)

    def runner(self, *, in_process: bool) -> Runner:
        return Runner(
            ledger=self.ledger,
            locks=self.locks,
            attempts=_AttemptsOnUse(self._inline if in_process else self._attempts),
            metrics=_MetricsOnUse(self._metrics),
            alerts=AlertsOnUse(self._settings, self.database, self._log),
            log=self._log,
            clock=self._clock,
            entropy=self._entropy,
        )

    def job(self, contract: Contract, asked: Asked, work: Work) -> Job:
        """Put one start together.

        Raises Refused for a slot in the future, ConfigurationInvalid for a store too weak.
        """
        self.store.kind.check(contract)
        fired = firing(asked.options)
        schedule = self._schedule(contract, asked.words, fired)
        start = self._start(contract, asked, fired, schedule)
        self._bind(start, contract)
        default_grace = timedelta(seconds=self._settings.start_grace_seconds)
        budget = contract.timeout.total_seconds()
        return Job(
            start=start,
            contract=contract,
            lock_keys=contract.lock_keys(asked.request),
            schedule=schedule,
            start_grace=schedule.start_grace if schedule else default_grace,
            switched_on=self._settings.running,
            soft_deadline=self._clock.monotonic() + budget,
            work=work,
        )

    def _schedule(self, contract: Contract, words: Sequence[str], fired: Firing) -> Schedule | None:
        if fired.trigger is not Trigger.SCHEDULE:
            return None
        from infra.schedules import schedule_for

        return schedule_for(self._settings.root, contract.name, own_words(words))

    def _schedule_id(
        self, contract: Contract, words: Sequence[str], schedule: Schedule | None
    ) -> str | None:
        """A start by hand counts as the schedule that declares its command and arguments too."""
        if schedule:
            return schedule.schedule_id
        from infra.schedule_entries import declared_id

        return declared_id(self._settings.root, contract.name, own_words(words))

    def _start(
        self, contract: Contract, asked: Asked, fired: Firing, schedule: Schedule | None
    ) -> Start:
        run_id, now = self._entropy.uuid7(), self._clock.now()
        return Start(
            run_id=run_id,
            command=contract.name,
            covers=contract.covers,
            scope=asked.request.scope,
            trigger=fired.trigger,
            slot=slot_instant(fired, schedule, now),
            schedule_id=self._schedule_id(contract, asked.words, schedule),
            correlation_id=correlation_id(asked.options, run_id),
            scheduler_run_id=fired.scheduler_run_id,
            started_at=now,
            host=identity.host(),
            pid=os.getpid(),
            process_token=identity.token(),
            version=VERSION,
            arguments=tuple(asked.words),
            actor=ACTOR if fired.trigger is Trigger.SCHEDULE else person(),
            dry_run=asked.options.dry_run,
            again=asked.options.again,
            reason=asked.options.reason,
        )

    def _bind(self, start: Start, contract: Contract) -> None:
        self._log.bind(
            command=start.command,
            scope=start.scope,
            cr=",".join(start.covers),
            run_id=start.run_id,
            correlation_id=start.correlation_id,
            scheduler_run_id=start.scheduler_run_id,
            host=start.host,
            version=start.version,
            accountable=",".join(contract.accountable),
            responsible=contract.responsible.value,
        )

    def _metrics(self) -> Metrics:
        from infra.telemetry.metrics import PublishedMetrics
        from kernel.publishing import QueuesOnUse, snapshots, targets

        source = snapshots(self._settings, self.database)
        queues = QueuesOnUse(self._settings, self.database)
        return PublishedMetrics(source, queues, targets(self._settings), self._log)

    def _attempts(self) -> Attempts:
        from infra.process.forked import ForkedAttempts
        from infra.sql.sessions import SqlSessions

        return ForkedAttempts(
            locks=self.locks,
            child_log=self._log.for_child,
            on_output=self._log.forward,
            on_progress=self._progress,
            on_checkpoint=self.on_checkpoint,
            sessions=SqlSessions(self.database, self._log),
            keep=self.store.descriptors,
            before_fork=self.store.close,
            stop_signals=self.stop_signals,
            pace=self.store.pace,
            memory_bytes=self._settings.memory_limit_bytes,
        )

    def _inline(self) -> Attempts:
        from infra.process.inline import InlineAttempts

        return InlineAttempts(
            locks=self.locks,
            pace=self.store.pace,
            log=self._log,
            on_progress=self._progress,
            on_checkpoint=self.on_checkpoint,
        )


class _AttemptsOnUse:
    """Loads the machinery of attempts when the lock is held; a refused start never needs it."""

    def __init__(self, build: Callable[[], Attempts]) -> None:
        self._build = build

    @cached_property
    def _attempts(self) -> Attempts:
        return self._build()

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd:
        return self._attempts.run(job, attempt=attempt, leases=leases)

    def wait(self, seconds: float) -> Died | None:
        return self._attempts.wait(seconds)


class _MetricsOnUse:
    """Loads what publishes when there is something to publish."""

    def __init__(self, build: Callable[[], Metrics]) -> None:
        self._build = build

    def publish(self, job: str) -> None:
        self._build().publish(job)


def _show_nothing(_label: str, _done: int, _total: int | None) -> None:
    """Show no progress."""


def person() -> str:
    """Name the user at the keyboard, by number where the host has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def own_words(words: Sequence[str]) -> list[str]:
    """Leave out the options of every run; what stays tells one declared schedule from another."""
    own, rest = [], iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name in _RUN_OPTIONS:
            if not equals:
                next(rest, None)
        elif name not in _RUN_SWITCHES:
            own.append(word)
    return own
