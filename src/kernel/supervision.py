"""The supervisor's side of a run, wired: light adapters only, nothing that a job needs."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

from commands.base import CronCommand
from domain.operating.contract import Contract
from domain.operating.ports import ActiveRun, Attempts, Metrics
from domain.operating.run import Start, Summary, Trigger
from domain.operating.runner import Job, Runner
from domain.operating.slot import Firing, Schedule, slot_instant
from infra.boot import Boot
from infra.clock import SystemClock, SystemEntropy
from infra.locks.fenced import FencedLocks
from infra.locks.file import FileLocks
from infra.process import identity
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from infra.telemetry.logs import JsonLog
from kernel.run_options import RunOptions, correlation_id, firing
from kernel.version import VERSION

ACTOR = "updating"
"""The user under whose name the legacy scripts act; audit columns of old and new rows match."""

_RUN_OPTIONS = ("--scheduled-at", "--correlation-id", "--reason")
_RUN_SWITCHES = ("--again", "--dry-run", "--no-fork")


class Supervision:
    """Builds the job and the runner of one start."""

    def __init__(self, settings: Boot, log: JsonLog) -> None:
        self._settings, self._log = settings, log
        self._clock, self._entropy = SystemClock(), SystemEntropy()

    @classmethod
    def quiet(cls, settings: Boot) -> Self:
        """Build one whose ledger and locks are read, without a run to log."""
        return cls(settings, JsonLog(sys.stderr))

    @cached_property
    def database(self) -> Database:
        return Database(self._settings.database_url)

    @cached_property
    def store(self) -> FileLocks:
        return FileLocks(self._settings.state / "locks")

    @cached_property
    def locks(self) -> FencedLocks:
        return FencedLocks(self.store, self.database)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self.database, identity.alive)

    def runner(self, *, in_process: bool) -> Runner:
        return Runner(
            ledger=self.ledger,
            locks=self.locks,
            attempts=self._attempts(in_process=in_process),
            metrics=self._metrics(),
            log=self._log,
            clock=self._clock,
            entropy=self._entropy,
        )

    def job(
        self,
        command: type[CronCommand[Any]],
        request: Any,
        options: RunOptions,
        words: Sequence[str],
    ) -> Job:
        """Put one start together. Raises Refused for a slot in the future."""
        contract, fired = command.contract, firing(options)
        schedule = self._schedule(contract, words, fired)
        start = self._start(contract, request.scope, options, fired, schedule, words)
        self._bind(start, contract)
        default_grace = timedelta(seconds=self._settings.start_grace_seconds)
        budget = contract.timeout.total_seconds()
        return Job(
            start=start,
            contract=contract,
            lock_key=contract.lock_key(request),
            schedule=schedule,
            start_grace=schedule.start_grace if schedule else default_grace,
            switched_on=self._settings.running,
            soft_deadline=self._clock.monotonic() + budget,
            work=_Work(command, request, self._settings.env),
        )

    def _schedule(self, contract: Contract, words: Sequence[str], fired: Firing) -> Schedule | None:
        if fired.trigger is not Trigger.SCHEDULE:
            return None
        from infra.schedules import schedule_for

        return schedule_for(self._settings.root, contract.name, own_words(words))

    def _start(
        self,
        contract: Contract,
        scope: str,
        options: RunOptions,
        fired: Firing,
        schedule: Schedule | None,
        words: Sequence[str],
    ) -> Start:
        run_id, now = self._entropy.uuid7(), self._clock.now()
        return Start(
            run_id=run_id,
            command=contract.name,
            covers=contract.covers,
            scope=scope,
            trigger=fired.trigger,
            slot=slot_instant(fired, schedule, now),
            schedule_id=schedule.schedule_id if schedule else None,
            correlation_id=correlation_id(options, run_id),
            scheduler_run_id=fired.scheduler_run_id,
            started_at=now,
            host=identity.host(),
            pid=os.getpid(),
            process_token=identity.token(),
            version=VERSION,
            arguments=tuple(words),
            actor=ACTOR if fired.trigger is Trigger.SCHEDULE else person(),
            dry_run=options.dry_run,
            again=options.again,
            reason=options.reason,
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
            pid=start.pid,
            version=start.version,
            accountable=",".join(contract.accountable),
            responsible=contract.responsible.value,
        )

    def _metrics(self) -> Metrics:
        if self._settings.textfile_directory is None:
            return _NoMetrics()
        from infra.sql.job_states import SqlJobStates
        from infra.telemetry.metrics import TextfileMetrics

        states = SqlJobStates(self.database)
        return TextfileMetrics(states, self._settings.textfile_directory, self._log, VERSION)

    def _attempts(self, *, in_process: bool) -> Attempts:
        raise NotImplementedError


class _Work:
    """What the child does: build the job with its own adapters, and do it."""

    def __init__(self, command: type[CronCommand[Any]], request: Any, env: str) -> None:
        self._command, self._request, self._env = command, request, env

    def __call__(self, run: ActiveRun) -> Summary:
        from kernel.container import Container

        command = Container(self._env).job(self._command)
        summary: Summary = command.handle(self._request, run)
        return summary


class _NoMetrics:
    """Publishes nowhere, as the settings say."""

    def publish(self) -> None:
        """Do nothing."""


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
