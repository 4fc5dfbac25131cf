"""Attempts in the supervisor's own process, for a debugger: no limits, nothing is cleaned up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from domain.errors import LockLost
from domain.operating.ports import AttemptEnd, Busy, Died, JobCall, Lease, Locks, RunLog
from domain.operating.sessions import ServerSession
from infra.process.active_run import RunInHand
from infra.process.attempt import Seen
from infra.process.ends import judge
from infra.process.limits import Pace
from infra.process.work import perform


@dataclass(frozen=True, kw_only=True)
class InlineAttempts:
    """The Attempts port without a child process; a defect is logged and ends the attempt.

    There is no supervisor to renew the locks: they are renewed as the job passes checkpoints and
    tells its progress, and are lost while a debugger holds it for longer than a lease.
    """

    locks: Locks
    pace: Pace = field(default_factory=Pace.without_expiry)
    log: RunLog
    on_progress: Callable[[str, int, int | None], None]
    on_checkpoint: Callable[[str], None] | None = None

    def run(self, job: JobCall, *, attempt: int, leases: Sequence[Lease]) -> AttemptEnd:
        desk = _OwnDesk(self, job.start.run_id, leases)
        run = RunInHand(
            job,
            attempt,
            leases,
            desk=desk,
            log=self.log,
            on_checkpoint=desk.checkpoint,
        )
        run.in_process = True
        end = perform(job.work, run, self.log)
        return judge(Seen(end=end, ended=None, output=""), job.contract, signal.SIGINT)

    def wait(self, seconds: float) -> Died | None:
        time.sleep(seconds)
        return None


class _OwnDesk:
    """Asks the lock store itself."""

    def __init__(self, attempts: InlineAttempts, run_id: str, leases: Sequence[Lease]) -> None:
        self._attempts, self._run_id = attempts, run_id
        self._leases = list(leases)
        self._due = time.monotonic() + attempts.pace.renew_every

    def checkpoint(self, name: str) -> None:
        self._renew_if_due()
        if self._attempts.on_checkpoint:
            self._attempts.on_checkpoint(name)

    def show(self, label: str, done: int, total: int | None) -> None:
        self._renew_if_due()
        self._attempts.on_progress(label, done, total)

    def take(self, key: str) -> Lease | Busy:
        answer = self._attempts.locks.acquire(key, self._run_id)
        if isinstance(answer, Lease):
            self._leases.append(answer)
        return answer

    def session_opened(self, session: ServerSession) -> None:
        """Nobody but this process could end it."""

    def give_back(self, lease: Lease) -> None:
        self._leases.remove(lease)
        self._attempts.locks.release(lease)

    def _renew_if_due(self) -> None:
        """Raise LockLost for a lock that is another's by now."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + self._attempts.pace.renew_every
        for lease in self._leases:
            if not self._attempts.locks.renew(lease):
                raise LockLost(f"lock {lease.key} was lost")
