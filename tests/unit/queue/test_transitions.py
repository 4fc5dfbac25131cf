"""The table row by row: from where, to where, under which guards, and what is set."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest

from domain.queue.cleaning import EndedMessages
from domain.queue.dao import Bench, Producer, QueueDAO
from domain.queue.execution import after, matches
from domain.queue.guards import Given
from domain.queue.job import CrashReason, Message, Status
from domain.queue.transitions import BY_MOVE, TRANSITIONS, Move, Value, Who
from unit.queue.model import NEW_MESSAGE, NOW, PAST, SOON

PORTS = (Producer, Bench, QueueDAO, EndedMessages)

HELD = replace(
    NEW_MESSAGE,
    status=Status.PROCESSING,
    claim_no=7,
    run_id="run-1",
    lease_until=SOON,
    attempts=1,
    max_attempts=3,
)
LEFT = replace(HELD, lease_until=PAST)
CRASHED = replace(
    NEW_MESSAGE,
    status=Status.CRASH,
    claim_no=7,
    attempts=3,
    rescues=3,
    first_rescue_at=PAST,
    give_backs=5,
    crash_reason=CrashReason.POISON,
    finished_at=PAST,
)
MINE = Given(now=NOW, claim_no=7, run_id="run-2", available_at=SOON, error="no answer")
BY_HAND = replace(MINE, actor="anna", reason="host is gone")


def test_the_moves_of_the_table_are_all_there_once_and_numbered_in_order() -> None:
    numbers = [int(row.number.removeprefix("Q")) for row in TRANSITIONS]

    assert [row.move for row in TRANSITIONS] == list(Move)
    assert sorted(set(numbers)) == list(range(1, 14))
    assert numbers == sorted(numbers)


def test_the_port_has_a_method_for_each_number_of_the_table() -> None:
    methods = [method for port in PORTS for method in vars(port).values()]
    texts = [method.__doc__ or "" for method in methods if callable(method)]
    numbered = {number for text in texts for number in re.findall(r"Q\d+", text)}

    assert numbered == {row.number for row in TRANSITIONS}


def test_only_columns_of_the_row_are_set_and_what_is_given_can_be_given() -> None:
    columns = {field.name for field in fields(Message)}
    givens = {field.name for field in fields(Given)}

    assert columns >= {column for row in TRANSITIONS for column in row.sets}
    assert givens >= {
        column for row in TRANSITIONS for column, how in row.sets.items() if how is Value.GIVEN
    }


def test_claims_and_forced_ends_raise_the_claim_number_and_nothing_ever_lowers_it() -> None:
    raising = {row.move for row in TRANSITIONS if row.sets.get("claim_no") is Value.PLUS_ONE}

    assert raising == {Move.CLAIM, Move.FORCE_RESTART, Move.FORCE_CRASH}
    assert {row.sets.get("claim_no") for row in TRANSITIONS} == {None, Value.PLUS_ONE}


def test_every_step_of_a_holder_is_guarded_by_its_claim_and_every_operator_is_accounted() -> None:
    for row in TRANSITIONS:
        names = {guard.name for guard in row.guards}
        assert (row.who in (Who.WORKER, Who.PARENT) and Status.NEW not in row.sources) == (
            "own_claim" in names
        )
        assert (row.who is Who.OPERATOR) == ("accounted" in names)
        assert (row.who is Who.SWEEPER) == ({"as_seen", "stale"} <= names)


SWEEPS = {row.move: row for row in TRANSITIONS if row.who is Who.SWEEPER}


@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize("rescues", [0, 1, 2, 3])
@pytest.mark.parametrize("status", [Status.IN_QUEUE, Status.PROCESSING])
def test_a_stale_message_has_exactly_one_verdict(
    attempts: int, rescues: int, status: Status
) -> None:
    row = replace(LEFT, status=status, attempts=attempts, rescues=rescues, first_rescue_at=PAST)

    verdicts = [move for move, sweep in SWEEPS.items() if matches(sweep, row, seen(row))]

    assert len(verdicts) == 1


def seen(row: Message) -> Given:
    return Given(now=NOW, seen=row)


@pytest.mark.parametrize(
    ("row", "move"),
    [
        (replace(LEFT, status=Status.IN_QUEUE), Move.PUT_BACK),
        (LEFT, Move.RESTART),
        (replace(LEFT, rescues=2, first_rescue_at=PAST), Move.POISON),
        (replace(LEFT, rescues=2, first_rescue_at=PAST, attempts=3), Move.POISON),
        (replace(LEFT, rescues=2, first_rescue_at=NOW - timedelta(hours=72)), Move.RESTART),
        (replace(LEFT, attempts=3), Move.EXHAUST),
    ],
)
def test_the_verdict_over_a_stale_message(row: Message, move: Move) -> None:
    assert matches(BY_MOVE[move], row, seen(row))


def test_what_was_never_begun_is_put_back_without_counting_against_it() -> None:
    row = replace(LEFT, status=Status.IN_QUEUE, rescues=2, first_rescue_at=PAST)

    left = after(BY_MOVE[Move.PUT_BACK], row, seen(row))

    assert left
    assert (left.status, left.rescues, left.attempts) == (Status.NEW, 2, 1)


@pytest.mark.parametrize(
    ("move", "row", "given"),
    [
        (Move.ENQUEUE, replace(NEW_MESSAGE, dedupe_key="a"), replace(MINE, key_taken=True)),
        (Move.CLAIM, replace(NEW_MESSAGE, available_at=SOON), MINE),
        (Move.CLAIM, NEW_MESSAGE, replace(MINE, paused=True)),
        (Move.CLAIM, replace(NEW_MESSAGE, entity_key="a"), replace(MINE, entity_busy=True)),
        (Move.CLAIM, HELD, MINE),
        (Move.REFUSE, HELD, MINE),
        (Move.REFUSE, HELD, replace(MINE, readable=False, claim_no=6)),
        (Move.REFUSE, NEW_MESSAGE, replace(MINE, readable=False)),
        (Move.START, replace(HELD, status=Status.IN_QUEUE), replace(MINE, claim_no=6)),
        (Move.HEARTBEAT, HELD, replace(MINE, claim_no=6)),
        (Move.FINISH, HELD, replace(MINE, claim_no=6)),
        (Move.FINISH, replace(HELD, status=Status.NEW), MINE),
        (Move.RETRY, replace(HELD, attempts=3), MINE),
        (Move.CRASH_EXHAUSTED, HELD, MINE),
        (Move.GIVE_BACK, replace(HELD, give_backs=5), MINE),
        (Move.RESTART, LEFT, MINE),
        (Move.RESTART, LEFT, seen(replace(LEFT, claim_no=6))),
        (Move.RESTART, LEFT, seen(replace(LEFT, status=Status.IN_QUEUE))),
        (Move.RESTART, HELD, seen(HELD)),
        (Move.RESET, CRASHED, MINE),
        (Move.RESET, CRASHED, replace(BY_HAND, reason=" ")),
        (Move.RESET, replace(CRASHED, dedupe_key="a"), replace(BY_HAND, key_taken=True)),
        (Move.CANCEL, NEW_MESSAGE, replace(BY_HAND, actor="")),
        (Move.CANCEL, HELD, BY_HAND),
        (Move.FORCE_RESTART, HELD, BY_HAND),
        (Move.FORCE_RESTART, replace(LEFT, attempts=3), BY_HAND),
        (Move.FORCE_CRASH, LEFT, BY_HAND),
        (Move.CLEAN, replace(CRASHED, status=Status.PROCESSED), MINE),
        (Move.CLEAN, replace(CRASHED, status=Status.PROCESSED), replace(MINE, cutoff=PAST)),
        (Move.CLEAN, CRASHED, replace(MINE, cutoff=NOW)),
    ],
)
def test_a_transition_whose_guard_does_not_hold_matches_no_row(
    move: Move, row: Message, given: Given
) -> None:
    assert not matches(BY_MOVE[move], row, given)


@pytest.mark.parametrize(
    ("move", "row", "given", "changes"),
    [
        (Move.ENQUEUE, NEW_MESSAGE, replace(MINE, key_taken=True), {}),
        (
            Move.CLAIM,
            replace(NEW_MESSAGE, claim_no=7),
            replace(MINE, entity_busy=True),
            {"claim_no": 8, "run_id": "run-2", "lease_until": NOW + timedelta(seconds=60)},
        ),
        (
            Move.REFUSE,
            HELD,
            replace(MINE, readable=False),
            {"crash_reason": CrashReason.INVALID, "finished_at": NOW, "error": "no answer"},
        ),
        (Move.START, replace(HELD, status=Status.IN_QUEUE), MINE, {"attempts": 2}),
        (Move.ABANDON, HELD, MINE, {"lease_until": NOW, "error": "no answer"}),
        (Move.HEARTBEAT, LEFT, MINE, {"lease_until": NOW + timedelta(seconds=60)}),
        (Move.FINISH, HELD, MINE, {"finished_at": NOW, "lease_until": None}),
        (Move.RETRY, HELD, MINE, {"available_at": SOON, "error": "no answer", "attempts": 1}),
        (Move.CRASH_PERMANENT, HELD, MINE, {"crash_reason": CrashReason.PERMANENT}),
        (
            Move.CRASH_EXHAUSTED,
            replace(HELD, attempts=3),
            MINE,
            {"crash_reason": CrashReason.EXHAUSTED},
        ),
        (Move.RESTART, LEFT, seen(LEFT), {"rescues": 1, "first_rescue_at": NOW, "run_id": None}),
        (Move.GIVE_BACK, HELD, MINE, {"attempts": 0, "give_backs": 1, "lease_until": None}),
        (Move.RELEASE, replace(HELD, status=Status.IN_QUEUE), MINE, {"attempts": 1}),
        (
            Move.RESET,
            replace(CRASHED, dedupe_key="a"),
            BY_HAND,
            {"attempts": 0, "rescues": 0, "give_backs": 0, "claim_no": 7, "crash_reason": None},
        ),
        (Move.CANCEL, NEW_MESSAGE, BY_HAND, {"crash_reason": CrashReason.CANCELLED}),
        (Move.FORCE_RESTART, LEFT, BY_HAND, {"claim_no": 8, "attempts": 1, "run_id": None}),
        (
            Move.FORCE_RESTART,
            HELD,
            replace(BY_HAND, including_live=True),
            {"claim_no": 8, "attempts": 1, "lease_until": None},
        ),
        (
            Move.FORCE_CRASH,
            replace(LEFT, attempts=3, lease_until=None),
            BY_HAND,
            {"claim_no": 8, "crash_reason": CrashReason.EXHAUSTED},
        ),
    ],
)
def test_a_transition_whose_guards_hold_leaves_the_row_so(
    move: Move, row: Message, given: Given, changes: dict[str, object]
) -> None:
    left = after(BY_MOVE[move], row, given)

    assert matches(BY_MOVE[move], row, given)
    assert left
    assert {column: getattr(left, column) for column in changes} == changes
    if isinstance(BY_MOVE[move].target, Status):
        assert (left.status, left.status_since) == (BY_MOVE[move].target, NOW)


@pytest.mark.parametrize("finished_at", [PAST, None])
def test_a_processed_row_goes_when_it_ended_or_was_made_before_the_cutoff(
    finished_at: datetime | None,
) -> None:
    row = replace(CRASHED, status=Status.PROCESSED, finished_at=finished_at)

    assert matches(BY_MOVE[Move.CLEAN], row, replace(MINE, cutoff=NOW))
    assert after(BY_MOVE[Move.CLEAN], row, MINE) is None
