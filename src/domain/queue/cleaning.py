"""CR-005: ended messages are deleted when their time is over, in steps that hold up nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from domain.errors import Refused
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.queue.job import Status
from domain.queue.retention import Allowance, Cutoffs, Retention

LOOK_ROWS = 5_000
"""A whole stretch of so many messages that are all new ends the search for old ones."""

LEAVE = timedelta(seconds=20)
"""What is left of the run's time when it stops by itself."""


class TooMuch(Refused):
    """More would be deleted than a run may delete unasked; nothing was."""


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

    def asked(self, stretch: Stretch) -> Stretch:
        """Leave out other queues than the one asked for."""
        piles = [pile for pile in stretch.piles if self.queue in (None, pile.queue)]
        return replace(stretch, piles=piles)


@dataclass(frozen=True, kw_only=True)
class Pile:
    """The messages of one queue in one of the ended statuses, within a stretch.

    ``first`` and ``last`` are the ids between which the ``old`` ones are.
    """

    queue: str
    status: Status
    rows: int
    old: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Messages one after another by id, behind ``after`` up to and with ``upto``, as looked at.

    ``is_new``: every one was created after the cutoffs and by now. A creation in the future is
    some clock's fault and says nothing about what stands behind.
    """

    after: int
    upto: int
    rows: int
    is_new: bool
    piles: Sequence[Pile]

    @property
    def old(self) -> int:
        return sum(pile.old for pile in self.piles)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one transaction deleted, and how long it held its locks."""

    deleted: Mapping[tuple[str, Status], int]
    history: int
    seconds: float


class EndedMessages(Protocol):
    """The messages as the cleaner sees them. Raises StoreUnavailable."""

    def now(self) -> datetime: ...
    def look(self, after: int, most: int, cutoffs: Cutoffs) -> Stretch | None:
        """Read up to ``most`` messages behind an id, without a lock; None where there is none."""
        ...

    def delete(self, piles: Sequence[Pile], cutoffs: Cutoffs, run: ActiveRun) -> Batch:
        """Q13. Delete what is old in the piles, history and all, in one transaction.

        Says every condition again, counts what went, and commits only while the run's lease
        holds: raises LockLost.
        """
        ...


class Pace:
    """How many messages the next batch may look at, so that none holds locks above 100 ms."""

    AIM_SECONDS = 0.04
    """Well below: the next batch may meet a slower disk."""

    LEAST, FIRST, MOST = 500, 1_000, LOOK_ROWS
    """Below the least it is the commit that takes the time, which smaller batches only add to."""

    def __init__(self) -> None:
        self.rows = self.FIRST
        self.slowest = 0.0

    def felt(self, seconds: float) -> None:
        self.slowest = max(self.slowest, seconds)
        # By half or twice at most: one slow batch is mostly the disk's moment.
        fitting = int(self.rows * min(max(self.AIM_SECONDS / max(seconds, 0.001), 0.5), 2))
        self.rows = min(max(fitting, self.LEAST), self.MOST)


@dataclass
class Survey:
    """What is there before anything goes: where the old ones are, and how many others stay."""

    old: Counter[tuple[str, Status]] = field(default_factory=Counter)
    stay: int = 0
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def going(self) -> int:
        return self.old.total()

    def add(self, stretch: Stretch) -> None:
        for pile in stretch.piles:
            self.stay += pile.rows - pile.old
            self.old[pile.queue, pile.status] += pile.old
        if stretch.old:
            self.stretches.append(stretch)


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
        with run.stage("survey"):
            survey = self._survey(request, cutoffs, run)
        self._check(request.queue, survey)
        going = min(survey.going, request.max_rows or survey.going)
        staying = survey.going - going + survey.stay
        _ask(self._allowance.fault(going, staying), request, run)
        if run.dry_run:
            return _summary(survey.old, notes=("dry run: nothing was written",))
        deletion = _Deletion(self._messages, request, cutoffs, run)
        with run.stage("delete"):
            deletion.work(survey.stretches, going)
        return deletion.summary(survey)

    def _cutoffs(self, request: CleanRequest, run: ActiveRun) -> Cutoffs:
        usual, asked = self._retention, request.older_than
        if asked is not None:
            if asked < usual.processed:
                days = usual.processed.total_seconds() / 86_400
                fault = f"--older-than is less than the {days:g} days of config/queues.toml"
                _ask(fault, request, run)
            usual = Retention(processed=asked, crashed=usual.crashed)
        return usual.before(self._messages.now())

    def _check(self, queue: str | None, survey: Survey) -> None:
        """Raise Refused for a queue that nobody knows: a typing error is no success."""
        if queue is not None and not survey.going + survey.stay and queue not in self._queues:
            known = ", ".join(sorted(self._queues))
            raise Refused(f"no queue is called {queue}; config/queues.toml declares: {known}")

    def _survey(self, request: CleanRequest, cutoffs: Cutoffs, run: ActiveRun) -> Survey:
        found, after = Survey(), 0
        while stretch := self._messages.look(after, LOOK_ROWS, cutoffs):
            run.checkpoint("looked")
            found.add(request.asked(stretch))
            # Behind a whole stretch of new messages are new ones; it goes on until more stays
            # than goes, which the share is judged by.
            if stretch.is_new and stretch.rows == LOOK_ROWS and found.stay >= found.going:
                break
            after = stretch.upto
        return found


def _ask(fault: str, request: CleanRequest, run: ActiveRun) -> None:
    """Raise TooMuch for a fault, or pass it once where that was asked for."""
    if not fault:
        return
    if not request.force:
        raise TooMuch(
            f"{fault}; are the retention and the database's clock right? Then once with"
            " --force --reason=WHY"
        )
    run.warn(Event.GUARD_FORCED, fault, actor=run.actor, reason=request.reason)


class _Deletion:
    """One run's deletions and what became of them."""

    def __init__(
        self, messages: EndedMessages, request: CleanRequest, cutoffs: Cutoffs, run: ActiveRun
    ) -> None:
        self._messages, self._request, self._cutoffs, self._run = messages, request, cutoffs, run
        self._pace = Pace()
        self._deleted: Counter[tuple[str, Status]] = Counter()
        self._history = self._batches = 0

    def work(self, stretches: Sequence[Stretch], most: int) -> None:
        """Delete what is old in the stretches; stops early where the time is over."""
        for stretch in stretches:
            after: int | None = stretch.after
            while after is not None and after < stretch.upto:
                left = most - self._deleted.total()
                if not left or self._run.remaining < LEAVE:
                    return
                after = self._batch(stretch, after, left)
                self._run.progress("messages deleted", self._deleted.total(), most)

    def _batch(self, stretch: Stretch, after: int, most: int) -> int | None:
        """Delete at most so many; gives the id that it came to, None at the table's end."""
        whole = after == stretch.after and stretch.rows <= self._pace.rows
        part = stretch if whole else self._look(after, self._pace.rows)
        if part and part.old > most:
            part = self._look(after, most)
        if part is None:
            return None
        if part.old:
            self._run.checkpoint("batch")
            self._take(self._messages.delete(part.piles, self._cutoffs, self._run))
        return part.upto

    def _look(self, after: int, rows: int) -> Stretch | None:
        seen = self._messages.look(after, rows, self._cutoffs)
        return seen and self._request.asked(seen)

    def _take(self, batch: Batch) -> None:
        self._deleted.update(batch.deleted)
        self._history += batch.history
        self._batches += 1
        self._pace.felt(batch.seconds)

    def summary(self, survey: Survey) -> Summary:
        remaining = max(survey.going - self._deleted.total(), 0)
        slowest = f"the longest held its locks for {self._pace.slowest * 1000:.0f} ms"
        return _summary(
            self._deleted,
            notes=(f"{self._batches} batches, {slowest}",) if self._batches else (),
            history=self._history,
            remaining=remaining,
        )


def _summary(gone: Counter[tuple[str, Status]], *, notes: tuple[str, ...], **more: int) -> Summary:
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
