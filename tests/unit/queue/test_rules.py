"""Staleness, waits and the order of messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationInvalid
from domain.queue.ageing import aged_priority, turn
from domain.queue.job import Direction, Message, Status
from domain.queue.retry import Backoff, move_after_failure
from domain.queue.stale import Limits, is_stale, rescues_with, window_start
from domain.queue.transitions import Move
from unit.queue.model import NEW_MESSAGE, NOW

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Drawn:
    """Entropy whose draws lie at one place between low and high."""

    def __init__(self, place: float) -> None:
        self._place = place

    def uuid7(self) -> str:
        raise NotImplementedError

    def uniform(self, low: float, high: float) -> float:
        return low + self._place * (high - low)


def waiting(priority: int, hours: float, *, number: int = 1) -> Message:
    """A message that became available so many hours ago."""
    return replace(NEW_MESSAGE, id=number, priority=priority, available_at=NOW - hours * HOUR)


def test_a_message_has_one_key_for_outside_systems_over_all_its_claims() -> None:
    again = replace(NEW_MESSAGE, claim_no=9, attempts=2)

    assert again.idempotency_key == NEW_MESSAGE.idempotency_key == "msg:1"


@pytest.mark.parametrize(
    ("changes", "stale"),
    [
        ({"lease_until": NOW + SECOND}, False),
        ({"lease_until": NOW}, True),
        ({"lease_until": NOW + SECOND, "status_since": NOW - HOUR}, False),
        ({"status_since": NOW - timedelta(seconds=599)}, False),
        ({"status_since": NOW - timedelta(seconds=600)}, True),
        ({"status": Status.IN_QUEUE, "lease_until": NOW}, True),
        ({"status": Status.NEW, "status_since": NOW - HOUR}, False),
        ({"status": Status.CRASH, "lease_until": NOW}, False),
    ],
)
def test_stale_is_a_lease_that_is_over_or_ten_minutes_without_one(
    changes: dict[str, Any], stale: bool
) -> None:
    held = replace(NEW_MESSAGE, status=Status.PROCESSING)

    assert is_stale(replace(held, **changes), NOW) is stale


def test_rescues_are_counted_from_the_first_of_72_hours() -> None:
    rescued = replace(NEW_MESSAGE, rescues=1, first_rescue_at=NOW)
    within, outside = NOW + 72 * HOUR - SECOND, NOW + 72 * HOUR

    assert (rescues_with(rescued, within), window_start(rescued, within)) == (2, NOW)
    assert (rescues_with(rescued, outside), window_start(rescued, outside)) == (1, outside)
    assert (rescues_with(NEW_MESSAGE, NOW), window_start(NEW_MESSAGE, NOW)) == (1, NOW)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"heartbeat": timedelta(0)}, "heartbeat is not above zero"),
        ({"heartbeat": timedelta(seconds=31)}, "lease is shorter than two heartbeats"),
        ({"duration": timedelta(0)}, "duration is not above zero"),
        ({"legacy_age": timedelta(0)}, "legacy_age is not above zero"),
        ({"rescues": 0}, "rescues is below one"),
        ({"rescue_window": timedelta(0)}, "rescue_window is not above zero"),
        ({"give_backs": -1}, "give_backs is below zero"),
    ],
)
def test_limits_that_cannot_work_are_refused_by_name(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=f"limits of the queue: {fault}"):
        Limits(**changes)


@pytest.mark.parametrize(
    ("attempts", "place", "asked", "seconds"),
    [
        (1, 1, None, 10),
        (2, 1, None, 40),
        (2, 0.5, None, 20),
        (9, 1, None, 3600),
        (10_000, 1, None, 3600),
        (1, 0, timedelta(minutes=5), 300),
        (1, 0, timedelta(days=5), 3600),
    ],
)
def test_the_wait_grows_up_to_its_cap_and_is_no_shorter_than_asked(
    attempts: int, place: float, asked: timedelta | None, seconds: int
) -> None:
    assert Backoff().wait(attempts, Drawn(place), asked) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("attempts", "transient", "move"),
    [
        (1, True, Move.RETRY),
        (2, True, Move.CRASH_EXHAUSTED),
        (1, False, Move.CRASH_PERMANENT),
    ],
)
def test_only_a_transient_failure_with_attempts_left_is_tried_again(
    attempts: int, transient: bool, move: Move
) -> None:
    failed = replace(NEW_MESSAGE, attempts=attempts, max_attempts=2)

    assert move_after_failure(failed, transient=transient) is move


@pytest.mark.parametrize(
    ("priority", "hours", "aged"), [(9, 0, 9), (9, 0.9, 9), (9, 1, 8), (2, 5, 0), (5, -3, 5)]
)
def test_a_message_gains_a_priority_with_every_hour(priority: int, hours: float, aged: int) -> None:
    assert aged_priority(waiting(priority, hours), NOW) == aged


AGES = st.integers(0, 100)
PRIORITIES = st.integers(0, 9)


@given(PRIORITIES, AGES, PRIORITIES, AGES)
def test_turns_follow_the_aged_priority_though_they_never_move(
    mine: int, my_age: int, other: int, other_age: int
) -> None:
    one, two = waiting(mine, my_age), waiting(other, other_age, number=2)

    if aged_priority(one, NOW) < aged_priority(two, NOW):
        assert turn(one) < turn(two)


@given(PRIORITIES)
def test_the_least_urgent_message_waits_nine_hours_and_then_nothing_new_goes_before_it(
    priority: int,
) -> None:
    assert turn(waiting(9, 9)) <= turn(waiting(priority, 0, number=2))


def test_of_equal_messages_the_older_id_goes_first() -> None:
    assert turn(waiting(3, 1)) < turn(waiting(3, 1, number=2))


@given(PRIORITIES, PRIORITIES)
def test_incoming_goes_before_outgoing_until_that_has_waited_ten_hours(
    incoming: int, outgoing: int
) -> None:
    fresh = waiting(incoming, 0)

    assert turn(fresh) < turn(replace(waiting(outgoing, 0), direction=Direction.OUTGOING))
    assert turn(replace(waiting(9, 19.5), direction=Direction.OUTGOING)) < turn(fresh)
