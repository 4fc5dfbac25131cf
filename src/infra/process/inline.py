"""Attempts in the supervisor's own process, for a debugger: no limits, nothing is cleaned up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.operating.ports import AttemptEnd, Busy, Died, JobCall, Lease, Locks, RunLog
from domain.operating.sessions import ServerSession
from infra.process.active_run import RunInHand
from infra.process.attempt import Seen
from infra.process.ends import judge
from infra.process.work import perform


@dataclass(frozen=True, kw_only=True)
class InlineAttempts:
    """The Attempts port without a child process; a defect is logged and ends the attempt."""

    locks: Locks
    log: RunLog
    on_progress: Callable[[str, int, int | None], None]
    on_checkpoint: Callable[[str], None] | None = None

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd:
        run = RunInHand(
            job,
            attempt,
            leases,
            desk=_OwnDesk(self.locks, job.start.run_id, self.on_progress),
            log=self.log,
            on_checkpoint=self.on_checkpoint,
        )
        end = perform(job.work, run, self.log)
        return judge(Seen(end=end, ended=None, output=""), job.contract, signal.SIGINT)

    def wait(self, seconds: float) -> Died | None:
        time.sleep(seconds)
        return None


@dataclass(frozen=True)
class _OwnDesk:
    """Asks the lock store itself."""

    locks: Locks
    run_id: str
    show: Callable[[str, int, int | None], None]

    def take(self, key: str) -> Lease | Busy:
        return self.locks.acquire(key, self.run_id)

    def session_opened(self, session: ServerSession) -> None:
        """Nobody but this process could end it."""

    def give_back(self, lease: Lease) -> None:
        self.locks.release(lease)
