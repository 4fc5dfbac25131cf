"""Messages that nobody answers for, on each database; and the legacy side beside us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.queue.dao import Settlement, Wanted
from domain.queue.job import CrashReason, Status
from domain.queue.transitions import Move
from integration.queue_rows import GENERAL, RUN, WHY, Queue, queue
from servers import KINDS

RETRY = Settlement(move=Move.RETRY, error="no answer from 10.0.0.7", wait=timedelta(minutes=5))
CRASH = Settlement(move=Move.CRASH_PERMANENT, error="ValueError: article 17 is unknown")
EXHAUSTED = Settlement(move=Move.CRASH_EXHAUSTED, error="no answer")


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


# --- the sweeper --------------------------------------------------------------------------------


def test_a_live_lease_is_left_alone(there: Queue) -> None:
    claim = there.begun()

    assert there.dao.restart_stale("general", 10) == []
    assert there.status(claim.message_id) == "PROCESSING"


def test_what_was_claimed_and_never_begun_is_put_back_uncounted(there: Queue) -> None:
    message_id = there.add()
    there.claim()
    there.age(message_id)

    [swept] = there.dao.restart_stale("general", 10)

    assert (swept.move, swept.message.rescues) == (Move.PUT_BACK, 0)
    assert there.history(message_id) == [("put back", "sweeper", RUN)]


def test_the_third_rescue_is_poison_and_names_every_holder(there: Queue) -> None:
    message_id = there.add(max_attempts=9)
    for run in ("run-a", "run-b", "run-c"):
        [claim] = there.claim(run_id=run)
        there.dao.abandon([there.begin(claim)], "worker was killed by signal 9")
        [swept] = there.dao.restart_stale("general", 10)

    assert swept.move is Move.POISON
    message = there.message(message_id)
    assert (message.status, message.crash_reason) == (Status.CRASH, CrashReason.POISON)
    for words in ("rescue 3", "72 h", "run-a, run-b, run-c", "signal 9"):
        assert words in str(message.error)
    assert [move for move, *_ in there.history(message_id)] == ["restart", "restart", "poison"]


def test_a_lost_holder_of_the_last_attempt_is_the_end(there: Queue) -> None:
    claim = there.begun(max_attempts=1)
    there.age(claim.message_id)

    [swept] = there.dao.restart_stale("general", 10)

    assert swept.move is Move.EXHAUST
    assert swept.message.crash_reason is CrashReason.EXHAUSTED
    assert "attempt 1 of 1" in str(swept.message.error)


def test_the_sweeper_takes_no_more_than_it_was_asked_to_and_of_its_queue_only(
    there: Queue,
) -> None:
    for name in ("general", "general", "other"):
        there.add(queue=name)
    for claim in [*there.claim(), *there.claim(wanted=Wanted(queue="other"))]:
        there.age(claim.message_id)

    assert len(there.dao.restart_stale("general", 1)) == 1
    assert len(there.dao.restart_stale("general", 10)) == 1
    assert there.dao.restart_stale("general", 10) == []


def test_a_holder_that_wakes_after_the_sweep_settles_nothing(there: Queue) -> None:
    claim = there.begun()
    there.age(claim.message_id)
    there.dao.restart_stale("general", 10)
    [successor] = there.claim(run_id="run-2")
    there.begin(successor)

    assert not there.dao.settle(claim, CRASH)
    assert there.dao.heartbeat([claim, successor]) == [successor]
    assert there.message(claim.message_id).run_id == "run-2"


def test_a_heartbeat_between_look_and_act_keeps_the_message(there: Queue) -> None:
    claim = there.begun()
    there.age(claim.message_id)
    looked = there.message(claim.message_id)
    there.dao.heartbeat([claim])
    sweep = there.dao._sweep  # noqa: SLF001 - the second of its two steps by itself

    assert sweep._judge(looked, int(there.now.timestamp() * 1_000_000)) is None  # noqa: SLF001
    assert there.status(claim.message_id) == "PROCESSING"


# --- the legacy side ----------------------------------------------------------------------------


def test_a_row_with_no_more_than_the_legacy_side_writes_is_claimed(there: Queue) -> None:
    message_id = there.add_legacy()

    [message] = there.dao.claim(GENERAL, RUN, 10)

    assert (message.id, message.direction, message.priority) == (message_id, "incoming", 5)
    assert (message.max_attempts, message.created_by) == (3, "legacy")
    assert abs(message.created_at - there.now) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "move"), [("IN_QUEUE", Move.PUT_BACK), ("PROCESSING", Move.RESTART)]
)
def test_a_row_without_a_lease_is_stale_after_ten_minutes(
    there: Queue, status: str, move: Move
) -> None:
    message_id = there.add_legacy(status=status)
    there.age(message_id, timedelta(seconds=590))

    assert there.dao.restart_stale("general", 10) == []

    there.age(message_id, timedelta(seconds=11))

    assert [one.move for one in there.dao.restart_stale("general", 10)] == [move]


def test_a_status_moved_by_a_foreign_hand_is_counted_once_and_goes_on(there: Queue) -> None:
    moved, finished, claim = there.begun(), there.begun(), there.begun()
    there.set(moved.message_id, "status = 'NEW'")
    there.set(finished.message_id, "status = 'PROCESSED'")

    assert there.claim() == []
    assert there.dao.restart_stale("general", 10) == []
    assert there.dao.restart_stale("general", 10) == []

    assert there.counters() == {"foreign_moves": 2}
    assert not there.dao.settle(moved, CRASH)
    assert [one.message_id for one in there.claim()] == [moved.message_id]
    assert there.status(claim.message_id) == "PROCESSING"


def test_a_queue_of_the_legacy_side_is_left_alone_until_it_is_ours_again(there: Queue) -> None:
    stale = there.begun()
    there.age(stale.message_id)
    waiting = there.add()
    there.dao.own("general", "legacy", WHY)

    assert there.claim() == []
    assert there.dao.restart_stale("general", 10) == []

    there.dao.own("general", "crontract", WHY)

    assert [claim.message_id for claim in there.claim()] == [waiting]
    assert len(there.dao.restart_stale("general", 10)) == 1


def test_a_status_word_that_nobody_knows_is_told_and_never_claimed(there: Queue) -> None:
    for word in ("DONE", "DONE", "new"):
        there.set(there.add(), "status = :word", word=word)

    assert there.claim() == []
    assert there.dao.strange("general") == {"DONE": 2, "new": 1}
    assert there.dao.strange("other") == {}
