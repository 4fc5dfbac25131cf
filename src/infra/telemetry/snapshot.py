"""One job at the moment of a publication: what the ledger knows, and what was declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Protocol

from domain.operating.contract import Contract, Priority
from domain.operating.ports import Pause
from domain.operating.run import Trigger
from infra.telemetry.run_state import JobState

ANY_COMMAND = "*"


class JobStates(Protocol):
    """The ledger as metrics need it."""

    def job_states(self) -> Sequence[JobState]: ...


class PauseList(Protocol):
    """Every pause, those that are over but were not lifted too."""

    def all(self) -> Sequence[Pause]: ...


class Cadence(Protocol):
    """A declared schedule as metrics need it; times in seconds."""

    @property
    def suspended(self) -> bool: ...
    @property
    def start_grace_seconds(self) -> float: ...
    @property
    def longest_period_seconds(self) -> float: ...
    def next(self, after: datetime) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a job promises; without a cadence it is a command that only people start."""

    job: str
    contract: Contract
    cadence: Cadence | None = None

    @property
    def max_success_age(self) -> float | None:
        """Seconds after which the last success is too old: a period, its start grace, its budget.

        A job of lower priority may miss one firing in between, as its incidents allow.
        """
        if self.cadence is None or self.cadence.suspended:
            return None
        periods = 1 if self.contract.priority is Priority.HIGH else 2
        latest = self.cadence.start_grace_seconds + self.contract.budget.total_seconds()
        return periods * self.cadence.longest_period_seconds + latest

    def deadline(self, known_since: float) -> float | None:
        """Until when the firing after the newest known one has ended.

        Counted from the ledger and not from now: a firing that nobody started must not move it.
        """
        if self.cadence is None or self.cadence.suspended or not known_since:
            return None
        firing = self.cadence.next(datetime.fromtimestamp(known_since, UTC))
        timeout = self.contract.timeout.total_seconds()
        return firing.timestamp() + self.cadence.start_grace_seconds + timeout


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that one group of series is made of."""

    state: JobState
    declaration: Declaration | None
    paused_until: float
    version: str

    @property
    def contract(self) -> Contract | None:
        return self.declaration.contract if self.declaration else None

    @property
    def is_scheduled(self) -> bool:
        return self.state.trigger == Trigger.SCHEDULE.value

    @property
    def next_deadline(self) -> float | None:
        if not (self.declaration and self.is_scheduled):
            return None
        return self.declaration.deadline(self.state.known_since)

    @property
    def max_success_age(self) -> float | None:
        return self.declaration.max_success_age if self.declaration and self.is_scheduled else None


class Snapshots:
    """Reads the ledger and puts it beside the declarations."""

    def __init__(
        self,
        states: JobStates,
        pauses: PauseList,
        declarations: Callable[[], Sequence[Declaration]],
        version: str,
    ) -> None:
        self._states, self._pauses = states, pauses
        self._declarations, self._version = declarations, version

    def read(self) -> Sequence[Snapshot]:
        """Give every job on record; a schedule that is declared no longer keeps its history."""
        states = self._states.job_states()
        declared = {declaration.job: declaration for declaration in self._declarations()}
        paused = {pause.command: _until(pause) for pause in self._pauses.all()}
        return [self._snapshot(state, declared.get(state.job), paused) for state in states]

    def _snapshot(
        self, state: JobState, declaration: Declaration | None, paused: Mapping[str, float]
    ) -> Snapshot:
        command = declaration.contract.name if declaration else state.job
        return Snapshot(
            state=state,
            declaration=declaration,
            paused_until=max(paused.get(command, 0.0), paused.get(ANY_COMMAND, 0.0)),
            version=self._version,
        )


def _until(pause: Pause) -> float:
    return pause.until.timestamp() if pause.until else inf
