"""Q2 on each database: what is taken, what is left, and what a pause stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.queue.dao import Settlement, Wanted
from domain.queue.job import Direction, Status
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


# --- claims -------------------------------------------------------------------------------------


def test_a_claim_takes_due_messages_of_its_queue_under_a_lease(there: Queue) -> None:
    due = there.add()
    there.add(wait=timedelta(minutes=1))
    there.add(queue="other")

    [message] = there.dao.claim(GENERAL, RUN, 100)

    assert (message.id, message.status, message.claim_no) == (due, Status.IN_QUEUE, 1)
    assert (message.run_id, message.attempts) == (RUN, 0)
    assert message.lease_until
    assert timedelta(seconds=59) < message.lease_until - there.now <= timedelta(seconds=60)
    assert there.claim() == []


def test_a_claim_takes_no_more_than_was_asked_for_and_the_first_ones(there: Queue) -> None:
    ids = [there.add() for _ in range(5)]

    assert [claim.message_id for claim in there.claim(3)] == ids[:3]
    assert [claim.message_id for claim in there.claim(3)] == ids[3:]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(queue="general", direction=Direction.OUTGOING), ["b.out"]),
        (Wanted(queue="general", direction=Direction.INCOMING), ["a.in", "c.in"]),
        (Wanted(queue="general", types=("c.in", "b.out")), ["c.in", "b.out"]),
        (Wanted(queue="general", types=("d.none",)), []),
        (GENERAL, ["a.in", "c.in", "b.out"]),
    ],
)
def test_a_claim_keeps_to_direction_and_types(
    there: Queue, wanted: Wanted, expected: list[str]
) -> None:
    there.add(type="a.in")
    there.add(type="b.out", direction=Direction.OUTGOING)
    there.add(type="c.in")

    assert [message.type for message in there.dao.claim(wanted, RUN, 9)] == expected


def test_what_was_put_back_is_claimed_under_a_greater_number(there: Queue) -> None:
    there.add()
    [first] = there.claim()
    there.dao.give_back([first])

    [second] = there.claim()

    assert (first.claim_no, second.claim_no) == (1, 2)


def test_of_one_entity_one_message_is_in_flight_at_a_time(there: Queue) -> None:
    first, second = there.add(entity_key="order 7"), there.add(entity_key="order 7")
    other = there.add(entity_key="order 8")

    assert [claim.message_id for claim in there.claim()] == [first, other]
    assert there.claim() == []

    there.set(first, "status = 'PROCESSED', lease_until = NULL")

    assert [claim.message_id for claim in there.claim()] == [second]


def test_the_same_entity_in_another_queue_is_another_one(there: Queue) -> None:
    there.add(entity_key="order 7", queue="other")
    there.claim(wanted=Wanted(queue="other"))
    here = there.add(entity_key="order 7")

    assert [claim.message_id for claim in there.claim()] == [here]


# --- pauses -------------------------------------------------------------------------------------


def test_a_pause_stops_claims_of_its_queue_or_type_until_it_is_over(there: Queue) -> None:
    there.add(type="a.one")
    there.add(type="b.two")
    there.dao.pause("general", "a.one", WHY, None)

    assert [message.type for message in there.dao.claim(GENERAL, RUN, 1)] == ["b.two"]

    there.dao.pause("general", None, WHY, there.now + timedelta(minutes=1))
    assert there.dao.resume("general", "a.one", WHY)
    assert there.claim() == []

    there.dao.pause("general", None, WHY, there.now - timedelta(seconds=1))
    assert len(there.claim()) == 1


def test_to_resume_what_is_not_paused_is_told(there: Queue) -> None:
    there.dao.pause("general", None, WHY, None)

    assert not there.dao.resume("general", "a.one", WHY)
    assert there.dao.resume("general", None, WHY)
    assert not there.dao.resume("general", None, WHY)
    assert [row[1:3] for row in there.audit()] == [
        ("queue:pause", "general"),
        ("queue:resume", "general"),
    ]


def test_a_pause_does_not_keep_what_is_in_flight_from_ending(there: Queue) -> None:
    claim = there.begun()
    there.dao.pause("general", None, WHY, None)

    assert there.dao.heartbeat([claim]) == [claim]
    assert there.dao.settle(claim, CRASH)


@pytest.mark.parametrize("kept_as", ["TEXT", "BLOB"])
def test_a_row_whose_bytes_are_no_text_hides_no_others(kept_as: str) -> None:
    with queue("sqlite") as there:
        strange, sound = there.add(), there.add()
        there.set(strange, f"payload = CAST(X'613AFF' AS {kept_as})")

        claimed = there.dao.claim(GENERAL, RUN, 9)

        assert [row.id for row in claimed] == [strange, sound]
        assert claimed[0].payload == "a:\xff"
