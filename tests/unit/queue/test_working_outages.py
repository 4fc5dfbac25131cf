"""A worker whose database goes away at one step or another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from domain.errors import StoreUnavailable
from domain.queue.crew import Result
from domain.queue.dao import Claim, Settlement
from domain.queue.message_type import Effects
from fakes.queue import FakeBench, FakeQueue
from unit.queue.test_working import Stage, raising

DONE = Result.PROCESSED


class BrittleBench(FakeBench):
    """Loses its database so many times at each step that a test names."""

    def __init__(self, queue: FakeQueue) -> None:
        super().__init__(queue)
        self.outages: Counter[str] = Counter()
        self.finished: list[int] = []

    def _perhaps_lose(self, what: str) -> None:
        if self.outages[what] > 0:
            self.outages[what] -= 1
            raise StoreUnavailable("the database is away")

    def start(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        self._perhaps_lose("start")
        return super().start(claims)

    def finish(self, claims: Sequence[Claim], begin: Sequence[Claim] = ()) -> Sequence[Claim]:
        self._perhaps_lose("finish")
        self.finished.append(len(claims))
        return super().finish(claims, begin)

    def fail(self, claim: Claim, settlement: Settlement) -> bool:
        self._perhaps_lose("fail")
        return super().fail(claim, settlement)

    def undo(self) -> None:
        self._perhaps_lose("undo")
        super().undo()


@pytest.fixture
def stage() -> Stage:
    return on_brittle_bench(Effects.LOCAL)


def on_brittle_bench(effects: Effects) -> Stage:
    stage = Stage(effects)
    stage.bench = BrittleBench(stage.queue)
    return stage


def bench_of(stage: Stage) -> BrittleBench:
    assert isinstance(stage.bench, BrittleBench)
    return stage.bench


def test_a_group_whose_savepoint_is_lost_is_done_again_one_by_one(stage: Stage) -> None:
    stage.faults[3] = raising(ValueError("a defect"))
    bench_of(stage).outages["undo"] = 1

    results = stage.work(stage.claimed(4))

    assert bench_of(stage).finished == [1, 1, 1, 1]
    assert stage.effects == [1, 2, 3, 4]
    assert results == [DONE] * 4


@pytest.mark.parametrize("effects", Effects)
def test_what_may_have_been_begun_with_a_lost_settlement_is_left_to_the_parent(
    effects: Effects,
) -> None:
    stage = on_brittle_bench(effects)
    bench_of(stage).outages["finish"] = 1

    results = stage.work(stage.claimed(2), stage.claimed(1))

    assert results[0] is Result.UNKNOWN
    assert set(results) == {Result.UNKNOWN, DONE}


def test_a_failure_that_cannot_be_written_down_is_left_to_the_parent(stage: Stage) -> None:
    stage.faults[1] = raising(ValueError("a defect"))
    bench_of(stage).outages["fail"] = 1

    results = stage.work(stage.claimed(2))

    assert results == [Result.UNKNOWN, DONE]
    assert stage.inbox.told == []


def test_a_worker_waits_for_a_database_that_is_away_ever_more_patiently(stage: Stage) -> None:
    bench_of(stage).outages["start"] = 8

    results = stage.work(stage.claimed(2))

    assert results == [DONE, DONE]
    assert stage.clock.slept == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_a_worker_that_waits_for_its_database_can_be_stopped(stage: Stage) -> None:
    bench_of(stage).outages["start"] = 10**6
    sleep = stage.clock.sleep

    def sleep_until_stopped(seconds: float) -> None:
        sleep(seconds)
        stage.board.stopping = len(stage.clock.slept) > 3

    stage.clock.sleep = sleep_until_stopped  # type: ignore[method-assign]

    results = stage.work(stage.claimed(2))

    assert results == [Result.RETURNED] * 2


@pytest.mark.parametrize("effects", Effects)
def test_an_error_of_the_settlement_itself_is_the_message_s_own(effects: Effects) -> None:
    stage = on_brittle_bench(effects)

    def refuse(*_: object, **__: object) -> Sequence[Claim]:
        raise KeyError("a deferred constraint")

    stage.bench.finish = refuse  # type: ignore[method-assign]

    results = stage.work(stage.claimed(2))

    assert results == [Result.CRASHED] * 2
    assert stage.effects == []
