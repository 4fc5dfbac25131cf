"""A run and how it can end: the one vocabulary of outcomes, exit codes and summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum, StrEnum

from domain.errors import Retryable


class ExitCode(IntEnum):
    """What the process tells its scheduler."""

    OK = 0
    USAGE = 2
    PARTIAL = 4
    STARVED = 5
    LOCK_LOST = 6
    UNAVAILABLE = 69
    FAILED = 70
    EXHAUSTED = 75
    MISCONFIGURED = 78
    TIMED_OUT = 124
    INTERRUPTED = 130
    TERMINATED = 143


class Alert(StrEnum):
    """Who hears of an outcome."""

    NONE = "none"
    IF_REPEATED = "if_repeated"
    TICKET_IF_SHORT = "ticket_if_short"
    NOTIFY = "notify"
    PAGE = "page"


class Retention(StrEnum):
    """How long the ledger keeps the row: noise goes first, failures stay longest."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"


class Outcome(Enum):
    """Every way in which a run or a slot can end.

    Each member: word in ledger, log and metrics; exit code; alert class; colour; retention;
    and whether it settles its slot, so that a second trigger of the same firing does nothing.
    """

    SUCCEEDED = ("succeeded", ExitCode.OK, Alert.NONE, "green", Retention.NORMAL, True)
    EMPTY = ("empty", ExitCode.OK, Alert.TICKET_IF_SHORT, "green", Retention.NORMAL, True)
    SKIPPED_LOCKED = ("skipped_locked", ExitCode.OK, Alert.NONE, "yellow", Retention.SHORT, False)
    SKIPPED_PAUSED = ("skipped_paused", ExitCode.OK, Alert.NONE, "yellow", Retention.SHORT, False)
    SKIPPED_LATE = ("skipped_late", ExitCode.OK, Alert.NONE, "yellow", Retention.SHORT, True)
    SKIPPED_DUPLICATE = (
        "skipped_duplicate", ExitCode.OK, Alert.NONE, "yellow", Retention.SHORT, False,
    )  # fmt: skip
    PARTIAL = ("partial", ExitCode.PARTIAL, Alert.NOTIFY, "magenta", Retention.LONG, True)
    STARVED = ("starved", ExitCode.STARVED, Alert.PAGE, "red", Retention.LONG, False)
    LOCK_LOST = ("lock_lost", ExitCode.LOCK_LOST, Alert.PAGE, "red", Retention.LONG, False)
    UNAVAILABLE = ("unavailable", ExitCode.UNAVAILABLE, Alert.PAGE, "red", Retention.LONG, False)
    FAILED = ("failed", ExitCode.FAILED, Alert.PAGE, "red", Retention.LONG, False)
    CRASHED = ("crashed", ExitCode.FAILED, Alert.PAGE, "red", Retention.LONG, False)
    MISCONFIGURED = (
        "misconfigured", ExitCode.MISCONFIGURED, Alert.PAGE, "red", Retention.LONG, False,
    )  # fmt: skip
    TIMED_OUT = ("timed_out", ExitCode.TIMED_OUT, Alert.PAGE, "red", Retention.LONG, False)
    INTERRUPTED = (
        "interrupted", ExitCode.TERMINATED, Alert.IF_REPEATED, "yellow", Retention.NORMAL, False,
    )  # fmt: skip
    MISSED = ("missed", ExitCode.OK, Alert.PAGE, "red", Retention.LONG, False)

    def __init__(
        self,
        word: str,
        exit_code: ExitCode,
        alert: Alert,
        colour: str,
        retention: Retention,
        settles_slot: bool,
    ) -> None:
        self.word = word
        self.exit_code = exit_code
        self.alert = alert
        self.colour = colour
        self.retention = retention
        self.settles_slot = settles_slot

    @classmethod
    def of(cls, word: str) -> Outcome:
        """The outcome with this word; KeyError for an unknown one."""
        return _BY_WORD[word]

    @property
    def is_good(self) -> bool:
        """The exit code says zero."""
        return self.exit_code is ExitCode.OK


_BY_WORD = {outcome.word: outcome for outcome in Outcome}


class Trigger(StrEnum):
    """Who started the run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"


class UnitResult(StrEnum):
    """What became of one unit: a supplier, a file, an export, a mail."""

    DONE = "done"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit's line in the result; ``counts`` are whole numbers by the job's own words.

    ``lineage`` names the class and the families of the error that it failed of.
    """

    name: str
    result: UnitResult
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    lineage: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A copy, and a plain one: a job's own Counter would change later, and travels badly.
        object.__setattr__(self, "counts", dict(self.counts))

    @property
    def retryable(self) -> bool:
        """It failed of something that may pass by itself."""
        return Retryable.__name__ in self.lineage


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a job hands back: its units, and items by result for metrics and the operator.

    ``stages`` are seconds by name, filled by the runtime from ``ActiveRun.stage``.
    """

    units: tuple[Unit, ...] = ()
    items: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Failed units make it partial, all of them failed; nothing done is empty."""
        results = [unit.result for unit in self.units]
        if self.failed:
            return Outcome.FAILED if len(self.failed) == len(results) else Outcome.PARTIAL
        if UnitResult.DONE in results or any(self.items.values()):
            return Outcome.SUCCEEDED
        return Outcome.EMPTY

    @property
    def failures(self) -> str:
        """The failed units by name with their reasons, for the verdict's message."""
        return "; ".join(f"{unit.name}: {unit.message}" for unit in self.failed)

    @property
    def failed(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.result is UnitResult.FAILED)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a run ended, as the operator and the scheduler hear it."""

    outcome: Outcome
    exit_code: int
    message: str = ""
    error: str = ""

    @classmethod
    def of(cls, outcome: Outcome, message: str = "", *, error: str = "") -> Verdict:
        """A verdict with the outcome's own exit code."""
        return cls(outcome=outcome, exit_code=outcome.exit_code, message=message, error=error)


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start of a command: its ids, who started it, and what it was asked to do.

    ``scope`` is the canonical text of the request ("all", "supplier 23"); with the command
    and the slot's instant it names one firing. ``slot`` is None for a manual run.
    """

    run_id: str
    command: str
    covers: tuple[str, ...]
    scope: str
    trigger: Trigger
    slot: datetime | None
    schedule_id: str | None
    correlation_id: str
    scheduler_run_id: str | None
    started_at: datetime
    host: str
    pid: int
    process_token: str
    version: str
    arguments: tuple[str, ...]
    actor: str
    dry_run: bool
    again: bool
    reason: str

    @property
    def job(self) -> str:
        """What it counts as: its declared schedule, else its command."""
        return self.schedule_id or self.command
