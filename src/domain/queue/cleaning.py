"""CR-005: ended messages are deleted when their time is over, in steps that hold up nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from domain.cleaning.allowance import Allowance, ask
from domain.cleaning.stretches import Batch, Deletion, Pile, Stretch, Survey, survey
from domain.errors import Refused
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.queue.job import Status
from domain.queue.retention import Cutoffs, Retention

Kind = tuple[str, Status]
"""A message's queue and what it ended as."""


@dataclass(frozen=True, kw_only=True)
class CleanRequest:
    """All queues or one; by the settings' retention, or by ``older_than`` for what was processed.

    ``force`` passes the guards once, for a reason.
    """

    older_than: timedelta | None = None
    queue: str | None = None
    max_rows: int | None = None
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return "all" if self.queue is None else f"queue.{self.queue}"

    def asked(self, stretch: Stretch[Kind]) -> Stretch[Kind]:
        """Leave out other queues than the one asked for."""
        piles = [pile for pile in stretch.piles if self.queue in (None, pile.kind[0])]
        return replace(stretch, piles=piles)


class EndedMessages(Protocol):
    """The messages as the cleaner sees them. Raises StoreUnavailable."""

    def now(self) -> datetime: ...
    def look(self, after: int, most: int, cutoffs: Cutoffs) -> Stretch[Kind] | None:
        """Read up to ``most`` messages behind an id, without a lock; None where there is none."""
        ...

    def delete(self, piles: Sequence[Pile[Kind]], cutoffs: Cutoffs, run: ActiveRun) -> Batch[Kind]:
        """Q13. Delete what is old in the piles, history and all, in one transaction.

        See ``OldRows.delete``.
        """
        ...


class QueueCleaning:
    """Looks at everything that may be old, asks where it is too much, then deletes by batches."""

    def __init__(
        self,
        messages: EndedMessages,
        retention: Retention,
        allowance: Allowance,
        queues: Collection[str],
    ) -> None:
        self._messages, self._retention, self._allowance = messages, retention, allowance
        self._queues = queues

    def __call__(self, request: CleanRequest, run: ActiveRun) -> Summary:
        """Delete what ended longer ago than it is kept (CR-005)."""
        cutoffs = self._cutoffs(request, run)
        rows = _AskedFor(self._messages, request, cutoffs)
        with run.stage("survey"):
            found = survey(rows, run, self._allowance.is_borne)
        self._check(request.queue, found)
        going = min(found.going, request.max_rows or found.going)
        staying = found.going - going + found.stay
        ask(self._allowance.fault(going, staying), request, run)
        if run.dry_run:
            return _summary(found.old, notes=("dry run: nothing was written",))
        deletion = Deletion(rows, run, "messages")
        with run.stage("delete"):
            deletion.work(found.stretches, going)
        return _summary(
            deletion.deleted,
            notes=deletion.notes,
            history=deletion.further,
            remaining=deletion.remaining(found),
        )

    def _cutoffs(self, request: CleanRequest, run: ActiveRun) -> Cutoffs:
        usual, asked = self._retention, request.older_than
        if asked is not None:
            if asked < usual.processed:
                days = usual.processed.total_seconds() / 86_400
                fault = f"--older-than is less than the {days:g} days of config/queues.toml"
                ask(fault, request, run)
            usual = Retention(processed=asked, crashed=usual.crashed)
        return usual.before(self._messages.now())

    def _check(self, queue: str | None, found: Survey[Kind]) -> None:
        """Raise Refused for a queue that nobody knows: a typing error is no success."""
        if queue is not None and not found.going + found.stay and queue not in self._queues:
            known = ", ".join(sorted(self._queues))
            raise Refused(f"no queue is called {queue}; config/queues.toml declares: {known}")


@dataclass(frozen=True)
class _AskedFor:
    """The messages that one run may delete."""

    messages: EndedMessages
    request: CleanRequest
    cutoffs: Cutoffs

    def look(self, after: int, most: int) -> Stretch[Kind] | None:
        seen = self.messages.look(after, most, self.cutoffs)
        return seen and self.request.asked(seen)

    def delete(self, part: Stretch[Kind], run: ActiveRun) -> Batch[Kind]:
        return self.messages.delete(part.piles, self.cutoffs, run)


def _summary(gone: Counter[Kind], *, notes: tuple[str, ...], **more: int) -> Summary:
    """Give a unit per queue and the sums of all; dry runs tell what would be so."""
    by_queue: dict[str, Counter[str]] = {}
    for (queue, status), rows in sorted((+gone).items()):
        by_queue.setdefault(queue, Counter())[_WORDS[status]] += rows
    units = tuple(
        Unit(name=queue, result=UnitResult.DONE, counts=counts)
        for queue, counts in by_queue.items()
    )
    items = dict.fromkeys(_WORDS.values(), 0) | dict(sum(by_queue.values(), Counter())) | more
    return Summary(units=units, items=items, notes=notes)


_WORDS = {Status.PROCESSED: "processed", Status.CRASH: "crashed"}
