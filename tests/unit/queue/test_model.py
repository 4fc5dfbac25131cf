"""Every order of steps of everyone who touches a message; broken machines are seen to break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.queue.guards import AS_SEEN, OWN_CLAIM, STALE, Guard
from domain.queue.job import IN_FLIGHT, Status
from domain.queue.transitions import BY_MOVE, Move
from unit.queue.model import VERDICTS, Explored, Table, explore, lost, without_exit

OWN_RUN = Guard(
    name="own_run",
    words="same run_id as the holder's",
    holds=lambda row, given: row.run_id == given.run_id,
)


def without(guards: set[Guard], *moves: Move) -> Table:
    """The table with some guards left out of some of its rows."""
    changed = {
        move: replace(
            BY_MOVE[move],
            guards=tuple(guard for guard in BY_MOVE[move].guards if guard not in guards),
        )
        for move in moves
    }
    return {**BY_MOVE, **changed}


def with_finish(*, sources: tuple[Status, ...], guards: tuple[Guard, ...]) -> Table:
    return {
        **BY_MOVE,
        Move.FINISH: replace(BY_MOVE[Move.FINISH], sources=sources, guards=guards),
    }


def with_claim_no_kept() -> Table:
    claim = BY_MOVE[Move.CLAIM]
    sets = {column: how for column, how in claim.sets.items() if column != "claim_no"}
    return {**BY_MOVE, Move.CLAIM: replace(claim, sets=sets)}


@pytest.fixture(scope="module")
def ours() -> Explored:
    return explore(BY_MOVE)


def test_no_order_of_steps_finishes_twice_or_takes_anything_from_a_live_holder(
    ours: Explored,
) -> None:
    assert ours.trace(ours.faulty) == []
    assert len(ours.origin) > 10_000


def test_every_transition_but_the_refusal_of_an_unreadable_message_was_executed(
    ours: Explored,
) -> None:
    taken = {step.partition(": ")[2] for step in ours.taken}

    assert set(BY_MOVE) - taken == {Move.ENQUEUE, Move.REFUSE}


def test_whoever_holds_a_message_others_can_move_it_on(ours: Explored) -> None:
    assert without_exit(BY_MOVE, ours) == []


def test_from_everywhere_a_message_can_still_be_processed(ours: Explored) -> None:
    assert lost(ours) == set()


def test_numbers_and_leases_agree_with_the_status_in_every_world(ours: Explored) -> None:
    rows = [world.row for world in ours.origin if world.row]

    assert all(row.attempts <= row.max_attempts for row in rows)
    assert {row.status for row in rows if row.lease_until} == set(IN_FLIGHT)


FORCED = ["A: claim", "A: start", "operator: force restart"]
SLOW = ["A: claim", "time: the lease runs out", "sweeper: looks"]
AGAIN = ["A: claim", "operator: force restart", "B: claim"]


@pytest.mark.parametrize(
    ("table", "fault", "trace"),
    [
        pytest.param(
            with_finish(sources=tuple(Status), guards=()),
            "finish by a worker that holds nothing",
            [*FORCED, "A: finish"],
            id="finish by id",
        ),
        pytest.param(
            with_finish(sources=(Status.PROCESSING,), guards=()),
            "finish by a worker that holds nothing",
            [*FORCED, "B: claim", "B: start", "A: finish"],
            id="finish by status alone",
        ),
        pytest.param(
            with_finish(sources=(Status.PROCESSING,), guards=(OWN_RUN,)),
            "finish by a worker that holds nothing",
            [*FORCED, "B: claim under the name of A", "B: start", "A: finish"],
            id="finish by run id",
        ),
        pytest.param(
            without({AS_SEEN, STALE}, *VERDICTS),
            "put back over a live holder",
            [*SLOW, "A: heartbeat", "sweeper: put back"],
            id="unguarded sweeper",
        ),
        pytest.param(
            without({STALE}, *VERDICTS),
            "put back over a live holder",
            [*SLOW, "A: heartbeat", "sweeper: put back"],
            id="sweeper that does not look again",
        ),
        pytest.param(
            with_claim_no_kept(),
            "heartbeat by a worker that holds nothing",
            [*SLOW, "sweeper: put back", "B: claim", "A: heartbeat"],
            id="claim number not raised",
        ),
        *(
            pytest.param(
                without({OWN_CLAIM}, move),
                f"{move} by a worker that holds nothing",
                [*AGAIN, f"A: {move}"],
                id=f"{move} by status alone",
            )
            for move in (Move.HEARTBEAT, Move.START, Move.RELEASE)
        ),
    ],
)
def test_a_broken_machine_is_found_out(table: Table, fault: str, trace: list[str]) -> None:
    explored = explore(table)

    assert explored.faulty
    assert (explored.faulty.fault, explored.trace(explored.faulty)) == (fault, trace)


def test_a_machine_without_a_sweeper_leaves_messages_with_the_dead() -> None:
    never = Guard(name="never", words="never", holds=lambda *_: False)
    table = {
        **BY_MOVE,
        **{move: replace(BY_MOVE[move], guards=(never,)) for move in (Move.PUT_BACK, Move.RESTART)},
    }

    stuck = without_exit(table, explore(table))

    assert {world.row.status for world in stuck if world.row} == set(IN_FLIGHT)
