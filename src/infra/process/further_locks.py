"""The supervisor's side of the locks that a job takes on its way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from domain.errors import JobError
from domain.operating.ports import Busy, Lease, Locks
from infra.process import wire


class FurtherLocks:
    """Takes and returns locks for the job, and returns the rest when its attempt is over."""

    def __init__(self, locks: Locks, run_id: str) -> None:
        self._locks, self._run_id = locks, run_id
        self._held: dict[str, Lease] = {}

    @property
    def leases(self) -> Sequence[Lease]:
        return tuple(self._held.values())

    def answer(self, question: wire.LockWanted | wire.LockDone) -> wire.Answer:
        try:
            if isinstance(question, wire.LockWanted):
                return self._take(question)
            return self._give_back(question)
        except JobError as error:
            return wire.Unreachable(request=question.request, message=str(error))

    def release_all(self) -> None:
        """Give everything back; a store that cannot be reached lets the leases run out."""
        while self._held:
            _, lease = self._held.popitem()
            with suppress(JobError):
                self._locks.release(lease)

    def _take(self, question: wire.LockWanted) -> wire.Answer:
        answer = self._locks.acquire(question.key, self._run_id)
        if isinstance(answer, Busy):
            return wire.Denied(request=question.request, busy=answer)
        self._held[question.key] = answer
        return wire.Granted(request=question.request, lease=answer)

    def _give_back(self, question: wire.LockDone) -> wire.Answer:
        lease = self._held.pop(question.key, None)
        if lease:
            self._locks.release(lease)
        return wire.Granted(request=question.request)
