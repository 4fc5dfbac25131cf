"""What a holder does to its messages on each database, and what it cannot do any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.queue.dao import Claim, Settlement
from domain.queue.job import CrashReason, Status
from domain.queue.transitions import Move
from integration.queue_rows import RUN, Queue, queue
from servers import KINDS

RETRY = Settlement(move=Move.RETRY, error="no answer from 10.0.0.7", wait=timedelta(minutes=5))
CRASH = Settlement(move=Move.CRASH_PERMANENT, error="ValueError: article 17 is unknown")
EXHAUSTED = Settlement(move=Move.CRASH_EXHAUSTED, error="no answer")


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


def test_a_heartbeat_renews_what_is_held_and_names_only_that(there: Queue) -> None:
    first, second, third = (there.add() for _ in range(3))
    claims = there.claim()
    for message_id in (first, second, third):
        there.age(message_id, timedelta(seconds=30))
    there.set(second, "claim_no = 9")

    held = there.dao.heartbeat(claims)

    assert [claim.message_id for claim in held] == [first, third]
    renewed = there.message(first).lease_until
    assert renewed
    assert renewed - there.now > timedelta(seconds=58)
    assert there.dao.heartbeat(held) == held
    assert there.dao.heartbeat([]) == []


def test_an_abandoned_message_is_stale_at_once_and_keeps_what_is_known(there: Queue) -> None:
    claim = there.begun()

    assert there.dao.abandon([claim], "worker 12 was killed") == [claim]
    [swept] = there.dao.restart_stale("general", 10)

    assert (swept.move, swept.message.status) == (Move.RESTART, Status.NEW)
    assert swept.message.error == "worker 12 was killed"


def test_a_failed_attempt_waits_and_says_why(there: Queue) -> None:
    claim = there.begun()

    assert there.dao.settle(claim, RETRY)

    message = there.message(claim.message_id)
    assert (message.status, message.attempts, message.run_id) == (Status.NEW, 1, None)
    assert timedelta(minutes=4) < message.available_at - there.now <= timedelta(minutes=5)
    assert message.error == RETRY.error
    assert there.history(claim.message_id) == [("retry", "worker", RUN)]


@pytest.mark.parametrize(
    ("settlement", "reason", "attempts"),
    [
        (CRASH, CrashReason.PERMANENT, 3),
        (EXHAUSTED, CrashReason.EXHAUSTED, 1),
        (replace(CRASH, move=Move.REFUSE), CrashReason.INVALID, 3),
    ],
)
def test_a_crash_is_kept_with_its_reason(
    there: Queue, settlement: Settlement, reason: CrashReason, attempts: int
) -> None:
    claim = there.begun(max_attempts=attempts)

    assert there.dao.settle(claim, settlement)

    message = there.message(claim.message_id)
    assert (message.status, message.crash_reason) == (Status.CRASH, reason)
    assert (message.error, message.lease_until) == (settlement.error, None)
    assert message.finished_at
    assert [row[0] for row in there.history(claim.message_id)] == [settlement.move.value]


def test_what_nobody_knows_how_to_read_is_refused_before_it_is_begun(there: Queue) -> None:
    there.add()
    claims = there.claim()

    assert there.dao.refuse(claims, "nobody knows the type") == claims
    assert there.message(claims[0].message_id).crash_reason is CrashReason.INVALID


def test_a_claim_that_is_lost_settles_nothing(there: Queue) -> None:
    claim = there.begun()
    lost = Claim(message_id=claim.message_id, claim_no=claim.claim_no - 1)
    before = there.message(claim.message_id)

    assert not there.dao.settle(lost, CRASH)
    assert there.dao.heartbeat([lost]) == []
    assert there.dao.abandon([lost], "x") == []
    assert there.dao.give_back([lost]) == []
    assert there.dao.refuse([lost], "x") == []

    assert there.message(claim.message_id) == before
    assert there.history(claim.message_id) == []


def test_what_was_begun_is_given_back_with_its_attempt_five_times(there: Queue) -> None:
    message_id = there.add()
    for _ in range(5):
        [claim] = there.claim()
        assert there.dao.give_back([there.begin(claim)]) == [claim]

    [claim] = there.claim()
    there.begin(claim)

    assert there.dao.give_back([claim]) == []
    message = there.message(message_id)
    assert (message.status, message.attempts, message.give_backs) == (Status.PROCESSING, 1, 5)
    assert there.history(message_id) == [("give back", "worker", RUN)] * 5


def test_what_was_not_begun_is_released_without_limit_or_trace(there: Queue) -> None:
    message_id = there.add()
    for _ in range(7):
        claims = there.claim()
        assert there.dao.give_back(claims) == claims

    assert there.status(message_id) == "NEW"
    assert there.history(message_id) == []
