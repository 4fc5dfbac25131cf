"""A worker's loop: messages settled one by one or in groups, and what a fault in between costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from domain.errors import CommitUnknown, Refused, Retryable, StopRequested, StoreUnavailable
from domain.queue.attempt import Tools
from domain.queue.crew import Order, Result
from domain.queue.job import Status
from domain.queue.message_type import Effects
from domain.queue.transitions import Move
from domain.queue.work import Work
from domain.queue.working import Working
from fakes.operating import FakeClock, FixedEntropy
from fakes.queue import FakeBench, FakeQueue
from fakes.worker import Count, FilledInbox, Lines, OneType, SeenBoard, declared

OF_BOTH = pytest.mark.parametrize("effects", list(Effects))


class Stage:
    """A worker that is handed messages; each one's handler writes its article."""

    def __init__(self, effects: Effects = Effects.LOCAL) -> None:
        self.queue, self.clock, self.board = FakeQueue(), FakeClock(), SeenBoard()
        self.bench = FakeBench(self.queue)
        self.type = OneType(does=self._write, declares=declared(effects))
        self.faults: dict[int, Callable[[], None]] = {}
        self.handled: list[int] = []
        self.inbox = FilledInbox([])

    def claimed(self, count: int, *, attempts: int = 0) -> list[Order]:
        """Give so many messages, articles from 1 on, as they are handed to a worker."""
        first = len(self.queue.rows) + 1
        added = [self.queue.add(payload=str(first + at), attempts=attempts) for at in range(count)]
        self.queue.claimed(*added)
        return [Order.of(row)._replace(claim_no=1) for row in added]

    def work(self, *batches: Sequence[Order]) -> list[Result]:
        """Let the worker work to the end; gives the results by place."""
        tools = Tools(self.type, self.clock, FixedEntropy(), Lines())
        self.inbox = FilledInbox(batches)
        Working(self.bench, self.board, self.inbox, tools).to_the_end()
        return [self.board.results[place] for place in range(len(self.board.results))]

    def _write(self, payload: Count, work: Work) -> None:
        self.handled.append(payload.article)
        work.database.execute("INSERT", article=payload.article)
        if fault := self.faults.pop(payload.article, None):
            fault()

    @property
    def effects(self) -> list[int]:
        return [values["article"] for _, values in self.queue.effects]

    @property
    def statuses(self) -> list[Status]:
        return [row.status for row in self.queue.rows.values()]


def raising(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


def test_messages_with_local_effects_are_settled_together() -> None:
    stage = Stage()

    results = stage.work(stage.claimed(5))

    assert results == [Result.PROCESSED] * 5
    assert stage.effects == [1, 2, 3, 4, 5]
    assert stage.bench.settled == [[1, 2, 3, 4, 5]]


def test_messages_with_effects_outside_are_settled_one_by_one() -> None:
    stage = Stage(Effects.KEYED)

    results = stage.work(stage.claimed(3))

    assert results == [Result.PROCESSED] * 3
    assert stage.bench.settled == [[1], [2], [3]]


def test_a_message_that_went_wrong_before_is_settled_alone() -> None:
    stage = Stage()
    again = stage.claimed(1, attempts=1)

    stage.work([*stage.claimed(2), *again, *stage.claimed(2)])

    assert stage.bench.settled == [[2, 3], [1], [4, 5]]


def test_a_group_ends_when_it_has_held_its_rows_long_enough() -> None:
    stage = Stage()
    stage.faults = {2: lambda: stage.clock.advance(1)}

    stage.work(stage.claimed(4))

    assert stage.bench.settled == [[1, 2], [3, 4]]


@OF_BOTH
@pytest.mark.parametrize(
    ("error", "result", "move"),
    [
        (Retryable("away"), Result.RETRIED, Move.RETRY),
        (Refused("no such article"), Result.CRASHED, Move.CRASH_PERMANENT),
        (KeyError("a defect"), Result.CRASHED, Move.CRASH_PERMANENT),
    ],
)
def test_a_failing_message_takes_only_its_own_effects_with_it(
    effects: Effects, error: Exception, result: Result, move: Move
) -> None:
    stage = Stage(effects)
    stage.faults = {2: raising(error)}

    results = stage.work(stage.claimed(3))

    assert results == [Result.PROCESSED, result, Result.PROCESSED]
    assert stage.effects == [1, 3]
    assert (2, move) in stage.queue.moves
    [(place, told)] = stage.inbox.told
    assert place == 1
    assert str(error) in told


@OF_BOTH
def test_a_message_that_somebody_else_took_meanwhile_leaves_no_effect(effects: Effects) -> None:
    stage = Stage(effects)
    orders = stage.claimed(3)

    def taken() -> None:
        why = {"actor": "ops", "reason": "stuck", "including_live": True}
        assert stage.queue.move(Move.FORCE_RESTART, 2, **why)

    stage.faults = {2: taken}

    results = stage.work(orders)

    assert results == [Result.PROCESSED, Result.LOST, Result.PROCESSED]
    assert stage.effects == [1, 3]
    assert stage.statuses == [Status.PROCESSED, Status.NEW, Status.PROCESSED]


@OF_BOTH
def test_a_message_that_was_taken_before_it_began_is_not_handled(effects: Effects) -> None:
    stage = Stage(effects)
    orders = stage.claimed(2)
    stage.queue.held(Move.RELEASE, [orders[1].claim])

    results = stage.work(orders)

    assert results == [Result.PROCESSED, Result.GONE]
    assert stage.handled == [1]


@OF_BOTH
@pytest.mark.parametrize("error", [StoreUnavailable("gone"), CommitUnknown("in the commit")])
def test_what_was_being_settled_when_the_database_went_is_left_to_its_lease(
    effects: Effects, error: Exception
) -> None:
    stage = Stage(effects)
    stage.bench.before_finish = raising(error)

    results = stage.work(stage.claimed(2))

    assert results == [Result.UNKNOWN] * 2
    assert stage.statuses == [Status.PROCESSING] * 2


def test_a_group_that_its_database_cannot_commit_is_done_again_one_by_one() -> None:
    stage = Stage()

    def at_the_commit() -> None:
        if len(stage.bench.settled) == 0 and len(stage.handled) == 3:
            raise ValueError("a deferred constraint")

    stage.bench.before_finish = at_the_commit

    results = stage.work(stage.claimed(3))

    assert results == [Result.PROCESSED] * 3
    assert stage.effects == [1, 2, 3]
    assert stage.handled == [1, 2, 3, 1, 2, 3]
    assert stage.bench.settled == [[1], [2], [3]]


@OF_BOTH
def test_whoever_is_asked_to_stop_finishes_its_message_and_returns_the_others(
    effects: Effects,
) -> None:
    stage = Stage(effects)
    stage.faults = {1: lambda: setattr(stage.board, "stopping", True)}

    results = stage.work(stage.claimed(3), stage.claimed(2))

    assert results == [Result.PROCESSED, *[Result.RETURNED] * 4]
    assert stage.effects == stage.handled == [1]


def test_whoever_stops_begins_nothing_more_so_that_no_attempt_is_counted() -> None:
    stage = Stage(Effects.KEYED)
    stage.faults = {1: lambda: setattr(stage.board, "stopping", True)}

    stage.work(stage.claimed(3))

    assert stage.statuses == [Status.PROCESSED, Status.IN_QUEUE, Status.IN_QUEUE]


@OF_BOTH
def test_a_message_that_stops_at_a_checkpoint_is_returned_without_a_trace(
    effects: Effects,
) -> None:
    stage = Stage(effects)
    stage.faults = {2: raising(StopRequested("the processor stops"))}

    results = stage.work(stage.claimed(3))

    assert results == [Result.PROCESSED, Result.RETURNED, Result.PROCESSED]
    assert stage.effects == [1, 3]


def test_batch_after_batch_is_worked_off() -> None:
    stage = Stage()

    results = stage.work(stage.claimed(2), stage.claimed(3))

    assert results == [Result.PROCESSED] * 5
    assert stage.effects == [1, 2, 3, 4, 5]
