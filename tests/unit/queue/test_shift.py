"""The processor's loop: what it claims when, and what it does about workers that fail it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import JobError, StopRequested, StoreUnavailable
from domain.operating.ports import ActiveRun
from domain.queue.crew import Doing, Result
from domain.queue.dao import Claim, QueueDAO, Settlement, Swept, Wanted
from domain.queue.job import Message, Status
from domain.queue.process_request import ProcessRequest
from domain.queue.processing import QueueProcessing
from domain.queue.stale import LIMITS
from domain.queue.station import Station
from domain.queue.transitions import Move
from fakes.crew import FakeCrew, FakeTypes, FakeWorker
from fakes.operating import FakeClock
from fakes.queue import FakeQueue
from fakes.supplier_import import FakeRun

Meanwhile = Callable[[FakeCrew], None]
DONE = Result.PROCESSED


class FakeDAO:
    """The parent's side of the queue in memory; notes what it was asked."""

    def __init__(self, queue: FakeQueue, clock: FakeClock) -> None:
        self.queue, self._clock = queue, clock
        self.asked: list[tuple[str, object]] = []
        self.counts: dict[str, int] = {}
        self.away_until = 0.0
        self.lost: set[int] = set()
        self.stale: list[Swept] = []

    def _note(self, what: str, detail: object = None) -> None:
        self.asked.append((what, detail))
        if self._clock.monotonic() < self.away_until:
            raise StoreUnavailable("the database is away")

    def claim(self, wanted: Wanted, run_id: str, most: int) -> Sequence[Message]:
        self._note("claim", most)
        new = [row for row in self.queue.rows.values() if row.status is Status.NEW][:most]
        self.queue.claimed(*new, run_id=run_id)
        return [self.queue.rows[row.id] for row in new]

    def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        self._note("heartbeat", len(claims))
        return [claim for claim in claims if claim.message_id not in self.lost]

    def abandon(self, claims: Sequence[Claim], error: str) -> Sequence[Claim]:
        self._note("abandon", [claim.message_id for claim in claims])
        return claims

    def settle(self, claim: Claim, settlement: Settlement) -> bool:
        self._note("settle", (claim.message_id, settlement.move))
        return True

    def give_back(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        self._note("give_back", sorted(claim.message_id for claim in claims))
        return self.queue.held(Move.RELEASE, claims)

    def restart_stale(self, queue: str, most: int) -> Sequence[Swept]:
        self._note("sweep")
        stale, self.stale = self.stale, []
        return stale

    def count(self, queue: str, counts: dict[str, int]) -> None:
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def told(self, what: str) -> list[object]:
        return [detail for name, detail in self.asked if name == what]


class Play:
    """A processor with one worker unless told otherwise; ``meanwhile`` plays the workers."""

    def __init__(self, count: int, meanwhile: Meanwhile, *, limit: float = 30) -> None:
        self.clock, self.queue = FakeClock(), FakeQueue()
        self.messages = [self.queue.add() for _ in range(count)]
        self.dao = FakeDAO(self.queue, self.clock)
        self.crew = FakeCrew(self.clock, meanwhile)
        self.station = Station(
            fresh=lambda: cast_dao(self.dao),
            crew=lambda: self.crew,
            workers=lambda _: 1,
            outlook=None,  # type: ignore[arg-type]  # nobody foretells here
            types=FakeTypes(timedelta(seconds=limit)),
            named=lambda type_: (type_,),
            clock=self.clock,
            limits=LIMITS,
            grace=timedelta(seconds=12),
        )
        self.run = FakeRun()

    def process(self, **asked: object) -> dict[str, int]:
        """Process until nothing is left; gives the items of the summary."""
        request = ProcessRequest(queue="general", stop_when_empty=True)
        summary = QueueProcessing(self.station)(replace(request, **asked), as_run(self.run))  # type: ignore[arg-type]
        assert self.crew.is_dismissed
        return dict(summary.items)


def cast_dao(dao: object) -> QueueDAO:
    return dao  # type: ignore[return-value]  # what operators do is not asked for


def as_run(run: object) -> ActiveRun:
    return run  # type: ignore[return-value]


def finish_all(crew: FakeCrew) -> None:
    """Every worker has done all that it was handed."""
    for worker in crew.workers:
        worker.end(*[DONE] * len(worker.orders))
        worker.orders.clear()


def at(worker: FakeWorker, place: int, clock: FakeClock) -> None:
    """Let the worker begin the message at that place."""
    if worker.doing is None:
        worker.doing, worker.begun = Doing(place=place, since=clock.monotonic()), place + 1


def test_all_messages_are_handed_out_and_the_batches_grow() -> None:
    play = Play(120, finish_all)

    items = play.process()

    assert items["processed"] == 120
    assert play.dao.told("claim")[:4] == [1, 4, 16, 64]
    assert play.dao.counts["to:PROCESSED"] == play.dao.counts["to:IN_QUEUE"] == 120


def test_it_sweeps_before_the_first_claim() -> None:
    play = Play(1, finish_all)

    play.process()

    assert [what for what, _ in play.dao.asked][:2] == ["sweep", "claim"]


def test_an_idle_queue_is_asked_fifty_times_a_second_until_the_time_is_over() -> None:
    play = Play(0, finish_all)

    items = play.process(stop_when_empty=False, max_seconds=10.0)

    assert sum(items.values()) == 0
    assert 500 <= len(play.dao.told("claim")) <= 600
    assert 10 <= len(play.dao.told("sweep")) <= 12


def test_no_more_is_claimed_than_was_asked_for() -> None:
    play = Play(50, finish_all)

    assert play.process(max_jobs=7)["processed"] == 7
    assert sum(row.status is Status.NEW for row in play.queue.rows.values()) == 43


def test_leases_are_renewed_while_a_worker_is_busy() -> None:
    def slowly(crew: FakeCrew) -> None:
        if play.clock.monotonic() > 65:
            finish_all(crew)

    play = Play(1, slowly, limit=600)

    play.process(max_seconds=100.0)

    assert play.dao.told("heartbeat") == [1, 1, 1]


def test_a_message_over_its_limit_is_killed_after_it_showed_where_it_was() -> None:
    def hang(crew: FakeCrew) -> None:
        for worker in crew.workers:
            if worker.orders:
                at(worker, 0, play.clock)
                killed.update({worker.number: worker})

    killed: dict[int, FakeWorker] = {}
    play = Play(1, hang)

    play.process(max_jobs=1)

    assert play.dao.told("settle") == [(1, Move.RETRY)]
    assert [worker.stacks for worker in killed.values()] == [1]
    assert 30 <= play.clock.monotonic() < 31


def test_only_the_message_that_its_worker_died_of_is_abandoned() -> None:
    def die_at_the_third(crew: FakeCrew) -> None:
        [worker] = crew.workers
        if len(worker.orders) < 4 or worker.number:
            finish_all(crew)
            return
        worker.end(DONE, DONE)
        worker.begun, worker.doing = 4, Doing(place=3, since=play.clock.monotonic())
        worker.is_killed = True

    play = Play(5, die_at_the_third)

    play.process()

    assert play.dao.told("abandon") == [[4]]
    assert play.dao.told("give_back") == [[5]]


def test_what_waits_behind_a_slow_message_is_given_to_others() -> None:
    def be_slow_at_the_second_batch(crew: FakeCrew) -> None:
        [worker] = crew.workers
        if len(worker.orders) < 4:
            finish_all(crew)
        elif play.clock.monotonic() < 5:
            at(worker, 1, play.clock)
            handed.append(len(worker.orders))
        else:
            worker.end(DONE, *[Result.GONE] * 3)
            worker.orders.clear()

    handed: list[int] = []
    play = Play(5, be_slow_at_the_second_batch)

    items = play.process()

    assert play.dao.told("give_back") == [[3, 4, 5]]
    assert set(handed) == {4}, "a slow worker is given nothing more"
    assert items["processed"] == 5


def test_a_handler_whose_message_is_another_s_is_killed_unless_it_ends_by_itself() -> None:
    def go_on(crew: FakeCrew) -> None:
        play.dao.lost.add(1)
        for worker in crew.workers:
            if worker.orders:
                at(worker, 0, play.clock)

    play = Play(1, go_on, limit=600)

    play.process(max_seconds=40.0)

    assert play.dao.told("settle") == play.dao.told("abandon") == []
    assert play.crew.hired > 1
    assert 20 < play.clock.monotonic() < 45


@pytest.mark.parametrize(("seconds", "survives"), [(10, True), (31, False)])
def test_a_database_may_be_away_for_half_a_lease(seconds: float, *, survives: bool) -> None:
    play = Play(3, finish_all)
    play.dao.away_until = seconds

    if survives:
        assert play.process()["processed"] == 3
    else:
        with pytest.raises(StoreUnavailable):
            play.process()
    assert play.crew.is_dismissed
    assert [event for event, *_ in play.run.logged] == ["queue.away"]


def test_workers_that_die_of_no_message_end_the_run() -> None:
    def die(crew: FakeCrew) -> None:
        for worker in crew.workers:
            worker.is_killed = True

    with pytest.raises(JobError, match="die before they are at any message"):
        Play(1, die).process()


def test_on_the_way_out_a_running_message_may_finish_and_the_rest_goes_back() -> None:
    def stop_while_it_works(crew: FakeCrew) -> None:
        [worker] = crew.workers
        if len(worker.orders) < 2:
            finish_all(crew)
            return
        play.run.stop_at = "processing"
        if worker.is_stopping:
            worker.end(DONE, *[Result.RETURNED] * (len(worker.orders) - 1))
            worker.orders.clear()

    play = Play(5, stop_while_it_works)

    with pytest.raises(StopRequested):
        play.process()

    assert play.dao.told("give_back") == [[3, 4, 5]]
    assert play.dao.counts["to:PROCESSED"] == 2


def test_what_does_not_finish_in_its_grace_is_killed_and_given_back() -> None:
    def go_on(crew: FakeCrew) -> None:
        play.run.stop_at = "processing"
        for worker in crew.workers:
            if worker.orders:
                at(worker, 0, play.clock)

    play = Play(1, go_on)

    with pytest.raises(StopRequested):
        play.process()

    assert play.dao.told("give_back") == [[1]]
    assert play.dao.told("abandon") == []
    assert 10 <= play.clock.monotonic() < 11
