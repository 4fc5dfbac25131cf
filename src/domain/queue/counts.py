"""How often messages were moved, for the queue's counters: gathered, and written in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from domain.queue.crew import Result
from domain.queue.dao import QueueDAO, Swept
from domain.queue.job import Status
from domain.queue.seat import Ended
from domain.queue.transitions import BY_MOVE, Move

_TO = {
    Result.PROCESSED: Status.PROCESSED,
    Result.RETRIED: Status.NEW,
    Result.CRASHED: Status.CRASH,
    Result.REFUSED: Status.CRASH,
}
_RESTARTS = (Move.PUT_BACK, Move.RESTART)


class Counts:
    """What is not yet in the table; lost with a parent that is killed, and never more than that."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._counts: Counter[str] = Counter()

    def claimed(self, count: int) -> None:
        self._add(Status.IN_QUEUE, count)

    def moved(self, status: Status, count: int = 1) -> None:
        self._add(status, count)

    def ended(self, ended: Sequence[Ended]) -> None:
        for result, count in Counter(one.result for one in ended).items():
            if status := _TO.get(result):
                self._add(Status.PROCESSING, count)
                self._add(status, count)
            if result is Result.LOST:
                self._counts["stale_settles"] += count

    def swept(self, swept: Sequence[Swept]) -> None:
        for one in swept:
            status = BY_MOVE[one.move].target
            if isinstance(status, Status):
                self._add(status)
            self._counts["stale_restarts"] += one.move in _RESTARTS

    def write(self, dao: QueueDAO) -> None:
        counts = {name: count for name, count in self._counts.items() if count}
        if counts:
            dao.count(self._queue, counts)
        self._counts.clear()

    def _add(self, status: Status, count: int = 1) -> None:
        self._counts[f"to:{status}"] += count
