"""What every run needs from the outside, and what a job may ask of its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.operating.contract import Contract
from domain.operating.run import Outcome, Start, Summary, Verdict


class Clock(Protocol):
    """Time, as aware UTC instants and as a monotonic count of seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


# --- locks -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A held lock: ``fence`` grows with every holder the key ever had."""

    key: str
    fence: int
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Busy:
    """Someone else holds the key: who, and since when (None where the store cannot tell).

    ``age`` and ``lease_left`` are by the store's own clock, where it has one.
    """

    key: str
    run_id: str
    host: str
    pid: int
    since: datetime | None
    age: timedelta | None = None
    lease_left: timedelta | None = None

    def held_for(self, now: datetime) -> timedelta | None:
        """Tell how long the key is held: by the store's clock, else by the asker's ``now``."""
        if self.age is None and self.since is not None:
            return now - self.since
        return self.age


class Locks(Protocol):
    """One lock store. Raises StoreUnavailable where the store cannot be reached."""

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        """Take the key, or tell who holds it. The fence is greater than ``above``."""
        ...

    def renew(self, lease: Lease) -> bool:
        """True while the lease is still this run's; False once it was broken or taken over."""
        ...

    def release(self, lease: Lease) -> None:
        """Give the key back if it is still this lease's; never another's."""
        ...

    def held(self) -> Sequence[Busy]: ...
    def break_(self, key: str) -> int:
        """Take the key from its holder by a higher fence, which is returned.

        The holder notices at its next renewal or commit.
        """
        ...


# --- what a job sees of its run --------------------------------------------------------------


class ActiveRun(Protocol):
    """The run as the job sees it, in the child process."""

    @property
    def run_id(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def correlation_id(self) -> str: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def actor(self) -> str: ...
    @property
    def leases(self) -> Sequence[Lease]:
        """Every lock held now, the command's own first; writing transactions check them."""
        ...

    @property
    def remaining(self) -> timedelta:
        """Time left until the soft timeout; adapters derive their own time-outs from it."""
        ...

    def checkpoint(self, name: str) -> None:
        """Mark a point at which stopping is safe; raises StopRequested after TERM or INT."""
        ...

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Tell how far the work is, for the bar on a terminal; cheap enough to call per batch."""
        ...

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Measure a part of the work; one name entered several times adds up."""
        ...

    def log(self, event: str, message: str = "", **fields: Any) -> None: ...
    def warn(self, event: str, message: str = "", **fields: Any) -> None: ...

    def lock(self, key: str) -> AbstractContextManager[Lease | Busy]:
        """Take a further lock for a while; the parent keeps it and gives it back at the end."""
        ...


# --- attempts --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The child handed a summary back."""

    summary: Summary
    output: str


@dataclass(frozen=True, kw_only=True)
class Broke:
    """The child raised; ``family`` tells what happens next, ``error`` is the class name."""

    family: str
    error: str
    lineage: tuple[str, ...]
    message: str
    retry_after: timedelta | None
    output: str


@dataclass(frozen=True, kw_only=True)
class Died:
    """The child ended without a word: killed, out of memory, segmentation fault, timeout."""

    outcome: Outcome
    exit_code: int
    message: str
    output: str


AttemptEnd = Finished | Broke | Died


class Attempts(Protocol):
    """Runs one attempt to its end and leaves no descendant behind."""

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd: ...
    def wait(self, seconds: float) -> Died | None:
        """Wait before the next attempt; a TERM or INT ends the wait with its verdict."""
        ...


class JobCall(Protocol):
    """One start of a job with all its limits; ``work`` runs in the child."""

    @property
    def start(self) -> Start: ...
    @property
    def contract(self) -> Contract: ...
    @property
    def soft_deadline(self) -> float:
        """Monotonic seconds at which the soft timeout falls."""
        ...

    @property
    def work(self) -> Callable[[ActiveRun], Summary]: ...


# --- the ledger ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SlotTaken:
    """Another run has or had this slot."""

    run_id: str
    outcome: Outcome | None


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A command that must not start: who said so, why, and until when (None: until resumed)."""

    command: str
    actor: str
    reason: str
    since: datetime
    until: datetime | None


class Ledger(Protocol):
    """Where every run, attempt and slot is written.

    Raises StoreUnavailable, and ConfigurationInvalid where the schema is missing or old.
    """

    def pause_of(self, command: str, now: datetime) -> Pause | None: ...
    def open(self, start: Start) -> SlotTaken | None:
        """Write the run row and claim its slot in one transaction.

        Where the slot is settled or running, nothing is claimed and its holder is returned; the
        run row stands either way. ``start.again`` claims a settled slot all the same.
        """
        ...

    def newest_slot(self, command: str, scope: str) -> datetime | None: ...
    def slots_after(self, command: str, scope: str, instant: datetime) -> int: ...
    def note_missed(
        self,
        command: str,
        scope: str,
        instants: Sequence[datetime],
        *,
        schedule_id: str | None = None,
    ) -> int:
        """Write a ``missed`` row for each instant without one; returns how many were new."""
        ...

    def reap(self, now: datetime) -> Sequence[Start]:
        """Close runs whose process on this host is gone as crashed; returns them."""
        ...

    def hold(self, run_id: str, lease: Lease, *, waited: float) -> None:
        """Note the command's own lock on the run row, and the seconds waited for it."""
        ...

    def skips_in_a_row(self, command: str, scope: str) -> int: ...
    def attempt_started(self, run_id: str, attempt: int, now: datetime) -> None: ...
    def attempt_ended(
        self, run_id: str, attempt: int, now: datetime, *, outcome: str, message: str
    ) -> None: ...
    def close(self, run_id: str, closing: Closing) -> None:
        """Write the verdict; bump counters and histogram in the same transaction."""
        ...


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What the closing of a run row holds."""

    verdict: Verdict
    finished_at: datetime
    attempts: int
    summary: Summary | None
    log_tail: str
    holder_run_id: str | None


class Metrics(Protocol):
    """Publishes the complete state re-read from the ledger; never raises."""

    def publish(self, job: str) -> None:
        """Publish at least what concerns the job, see ``Start.job``."""
        ...


class Alerts(Protocol):
    """Tells the owners what a run's end means for them; bounded in time, never raises."""

    def tell(self, job: JobCall, verdict: Verdict, summary: Summary | None) -> None: ...


class RunLog(Protocol):
    """The run's own log lines, with the ids bound once."""

    def bind(self, **fields: Any) -> None: ...
    def debug(self, event: str, message: str = "", **fields: Any) -> None: ...
    def info(self, event: str, message: str = "", **fields: Any) -> None: ...
    def warning(self, event: str, message: str = "", **fields: Any) -> None: ...
    def error(self, event: str, message: str = "", **fields: Any) -> None: ...


class Entropy(Protocol):
    """Randomness: ids and the jitter of waits."""

    def uuid7(self) -> str: ...
    def uniform(self, low: float, high: float) -> float: ...
