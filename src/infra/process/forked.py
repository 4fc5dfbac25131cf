"""Attempts as child processes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from domain.errors import StoreUnavailable
from domain.operating.ports import AttemptEnd, Died, JobCall, Lease, Locks, RunLog
from domain.operating.sessions import ServerSession, Sessions
from infra.process import descendants
from infra.process.attempt import OVERDUE_SECONDS, Desk, Seen, Watch
from infra.process.child import Assignment
from infra.process.ends import interrupted, judge, lock_lost
from infra.process.further_locks import FurtherLocks
from infra.process.launch import launch
from infra.process.limits import Limits, Pace
from infra.process.output import Output
from infra.process.prctl import adopt_orphans
from infra.process.renewal import Renewal, Standing
from infra.process.signals import StopSignals


def _show_nothing(_label: str, _done: int, _total: int | None) -> None:
    """Show no progress."""


def _close_nothing() -> None:
    """Close nothing before a fork."""


class _NoSessions:
    """Where no server holds a session for a job."""

    def end(self, sessions: Sequence[ServerSession]) -> None:
        """End none."""


@dataclass(kw_only=True)
class ForkedAttempts:
    """The Attempts port: each attempt a child process of which nothing survives.

    ``on_output`` gets each line of the child's output, ``on_progress`` label, done and total.
    ``child_log`` makes each child's own log, which writes to its stderr; ``on_checkpoint`` is
    called in the child. ``sessions`` ends what a killed child left on a database server.
    ``keep`` names open files that stay open until the child is dead, even if this process is
    killed: ``FileLocks.descriptors``. Enter ``stop_signals`` for a whole run.
    """

    locks: Locks
    child_log: Callable[[], RunLog]
    on_output: Callable[[str], None]
    on_progress: Callable[[str, int, int | None], None] = _show_nothing
    on_checkpoint: Callable[[str], None] | None = None
    sessions: Sessions = field(default_factory=_NoSessions)
    keep: Callable[[], Iterable[int]] = tuple
    before_fork: Callable[[], None] = _close_nothing
    stop_signals: StopSignals = field(default_factory=StopSignals)
    pace: Pace = field(default_factory=Pace)
    memory_bytes: int | None = None
    _renewal: Renewal | None = None

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd:
        """Run one attempt. Raises StoreUnavailable where the locks cannot be confirmed before."""
        further = FurtherLocks(self.locks, job.start.run_id)
        renewal = Renewal(self.locks, self.pace, lambda: (*leases, *further.leases))
        with self.stop_signals:
            refusal = self._refusal(renewal)
            if refusal:
                return refusal
            seen = self._watched(job, attempt, leases, further, renewal)
        self._renewal = renewal
        return judge(seen, job.contract, self.stop_signals.first)

    def wait(self, seconds: float) -> Died | None:
        """Wait for the next attempt, keeping the locks of the last one."""
        end = time.monotonic() + seconds
        with self.stop_signals:
            while (left := end - time.monotonic()) > 0:
                turn = self._renewal.next_due - time.monotonic() if self._renewal else left
                if self.stop_signals.wait(min(left, turn)):
                    return interrupted(self.stop_signals.first)
                if self._renewal and time.monotonic() >= self._renewal.next_due:
                    self._renewal.renew()
        return None

    def _refusal(self, renewal: Renewal) -> Died | None:
        """Tell why there must be no attempt: the locks are gone, or a stop was asked for."""
        standing = renewal.renew()
        if standing is Standing.UNKNOWN:
            raise StoreUnavailable("the lock store cannot confirm the locks of this run")
        if standing is Standing.LOST:
            return lock_lost("the lock was lost before the attempt")
        stopped = self.stop_signals.wait(0)
        return interrupted(self.stop_signals.first) if stopped else None

    def _watched(
        self,
        job: JobCall,
        attempt: int,
        leases: Sequence[Lease],
        further: FurtherLocks,
        renewal: Renewal,
    ) -> Seen:
        adopt_orphans()
        spare = descendants.children()
        grace = job.contract.grace.total_seconds()
        limits = Limits(
            soft_deadline=job.soft_deadline,
            grace=grace,
            pace=self.pace,
            renewed_at=renewal.sent_at if leases else None,
        )
        self.before_fork()
        links = launch(
            lambda *ends: self._assignment(job, attempt, leases, ends), limits, self.keep()
        )
        desk = Desk(
            output=Output(self.on_output),
            further=further,
            sessions=self.sessions,
            renewal=renewal,
            stop_signals=self.stop_signals,
            on_progress=self.on_progress,
        )
        overdue_at = job.soft_deadline + grace + OVERDUE_SECONDS
        with Watch(links, desk, overdue_at=overdue_at) as watch:
            return watch.to_the_end(spare=spare)

    def _assignment(
        self, job: JobCall, attempt: int, leases: Sequence[Lease], ends: tuple[socket.socket, int]
    ) -> Assignment:
        line, output = ends
        return Assignment(
            job=job,
            attempt=attempt,
            leases=leases,
            log=self.child_log(),
            on_checkpoint=self.on_checkpoint,
            memory_bytes=self.memory_bytes,
            line=line,
            output=output,
        )
