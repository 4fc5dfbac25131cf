"""The run as the job sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from domain.errors import SoftTimeout, StopRequested
from domain.operating.events import Event
from domain.operating.ports import Busy, JobCall, Lease, RunLog
from domain.operating.sessions import ServerSession

_PROGRESS_SECONDS = 0.2
"""Five times a second is as fast as a bar can be read."""


class Desk(Protocol):
    """Where a running job's wishes go: to the supervisor, or straight to the lock store."""

    def show(self, label: str, done: int, total: int | None) -> None: ...
    def session_opened(self, session: ServerSession) -> None: ...
    def take(self, key: str) -> Lease | Busy: ...
    def give_back(self, lease: Lease) -> None: ...


@dataclass
class Brakes:
    """Set by signals, seen at checkpoints; ``over`` once the work's end is being handed in."""

    stop: bool = False
    timed_out: bool = False
    over: bool = False


class RunInHand:
    """The ActiveRun port; ``on_checkpoint`` hears of each checkpoint before it may stop."""

    in_process = False
    """It runs in the supervisor's own process, which must not be forked any more."""

    def __init__(
        self,
        job: JobCall,
        attempt: int,
        leases: Sequence[Lease],
        *,
        desk: Desk,
        log: RunLog,
        on_checkpoint: Callable[[str], None] | None = None,
    ) -> None:
        self._job, self._attempt, self._own = job, attempt, tuple(leases)
        self._desk, self._log, self._on_checkpoint = desk, log, on_checkpoint
        self._further: list[Lease] = []
        self._shown: tuple[str, float] = ("", 0.0)
        self.stages: dict[str, float] = {}
        self.brakes = Brakes()

    def at(self, desk: Desk) -> RunInHand:
        """Give the same run in another process of the job, with a desk of its own."""
        other = copy(self)
        other._desk = desk  # noqa: SLF001 - it is one of us
        return other

    @property
    def run_id(self) -> str:
        return self._job.start.run_id

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def correlation_id(self) -> str:
        return self._job.start.correlation_id

    @property
    def dry_run(self) -> bool:
        return self._job.start.dry_run

    @property
    def actor(self) -> str:
        return self._job.start.actor

    @property
    def leases(self) -> Sequence[Lease]:
        return (*self._own, *self._further)

    @property
    def remaining(self) -> timedelta:
        return timedelta(seconds=max(0.0, self._job.soft_deadline - time.monotonic()))

    @property
    def hard_limit(self) -> float:
        """Seconds until the job is killed; 1 at the least, for a server takes 0 for no limit."""
        grace = self._job.contract.grace.total_seconds()
        return max(1.0, self._job.soft_deadline + grace - time.monotonic())

    def session_opened(self, session: ServerSession) -> None:
        """Tell the supervisor of a session that it is to end if this process cannot."""
        self._desk.session_opened(session)

    def checkpoint(self, name: str) -> None:
        self._log.debug(Event.CHECKPOINT, name)
        if self._on_checkpoint:
            self._on_checkpoint(name)
        if self.brakes.timed_out:
            raise SoftTimeout(f"timed out; left at {name}")
        if self.brakes.stop:
            raise StopRequested(f"stopped at {name}")

    def progress(self, label: str, done: int, total: int | None) -> None:
        last_label, last_time = self._shown
        now = time.monotonic()
        if label != last_label or done == total or now - last_time >= _PROGRESS_SECONDS:
            self._shown = label, now
            self._desk.show(label, done, total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.monotonic() - began

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self._log.info(event, message, **fields)

    def warn(self, event: str, message: str = "", **fields: Any) -> None:
        self._log.warning(event, message, **fields)

    @contextmanager
    def lock(self, key: str) -> Iterator[Lease | Busy]:
        """See the port; a dry run takes none, which would hold up a run that works."""
        if self.dry_run:
            yield Lease(key=key, fence=0, run_id=self.run_id)
            return
        answer = self._desk.take(key)
        if isinstance(answer, Busy):
            yield answer
            return
        self._further.append(answer)
        try:
            yield answer
        finally:
            self._further.remove(answer)
            # The timeout strikes within a statement, which goes on at its server until it is
            # ended there; the supervisor does that first, and gives the lock back then.
            if not self.brakes.timed_out:
                self._desk.give_back(answer)
