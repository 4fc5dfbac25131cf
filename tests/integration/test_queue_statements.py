"""The moves as SQL do row for row what the transition table means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.queue.execution import after, matches
from domain.queue.guards import Given
from domain.queue.job import IN_FLIGHT, CrashReason, Message, Status
from domain.queue.transitions import BY_MOVE, TRANSITIONS, Move, To
from infra.sql.connection import Transaction
from infra.sql.queue.messages import (
    COLUMNS,
    error_values,
    fingerprint,
    message_of,
    microseconds_of,
    values_of,
)
from infra.sql.queue.statements import CONDITIONS, Statements, limit_values, row_values
from integration.queue_rows import EPOCH, Queue, queue
from servers import KINDS

MOVES = [move for move in Move if move is not Move.ENQUEUE]
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
EDGES = (0 * SECOND, MICROSECOND, SECOND, 600 * SECOND, timedelta(hours=72))
INSTANTS = st.sampled_from([EPOCH + sign * edge for edge in EDGES for sign in (-1, 1)])
KEYS = st.sampled_from([None, "a"])
ERROR = "ValueError: article 17 has no image"


def rows() -> st.SearchStrategy[Message]:
    return st.builds(
        Message,
        id=st.just(1),
        queue=st.just("general"),
        type=st.just("images.update"),
        status=st.sampled_from(Status),
        status_since=INSTANTS,
        available_at=INSTANTS,
        created_at=INSTANTS,
        entity_key=KEYS,
        dedupe_key=KEYS,
        claim_no=st.integers(6, 7),
        run_id=st.sampled_from([None, "run-1"]),
        lease_until=st.none() | INSTANTS,
        attempts=st.integers(0, 3),
        give_backs=st.integers(4, 5),
        rescues=st.integers(0, 3),
        first_rescue_at=st.none() | INSTANTS,
        crash_reason=st.sampled_from([None, *CrashReason]),
        error=st.sampled_from([None, "no answer"]),
        finished_at=st.none() | INSTANTS,
    )


def givens() -> st.SearchStrategy[Given]:
    return st.builds(
        Given,
        now=st.just(EPOCH),
        claim_no=st.integers(6, 7),
        seen=rows(),
        run_id=st.just("run-2"),
        available_at=INSTANTS,
        error=st.just(ERROR),
        actor=st.sampled_from(["", "anna"]),
        reason=st.just("host is gone"),
        cutoff=INSTANTS,
        including_live=st.booleans(),
        readable=st.booleans(),
        paused=st.booleans(),
        entity_busy=st.booleans(),
        key_taken=st.booleans(),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Move, Message, Given]:
    """Most of them meet the source and the claim, or few guards would ever be all that matters."""
    move, row, told = draw(st.sampled_from(MOVES)), draw(rows()), draw(givens())
    if draw(st.integers(0, 3)):
        row = replace(row, status=draw(st.sampled_from(BY_MOVE[move].sources)))
        told = replace(told, claim_no=row.claim_no, seen=row)
    # Where the keys are taken the database itself keeps a second row out.
    told = replace(told, entity_busy=told.entity_busy and row.status not in IN_FLIGHT)
    return move, row, replace(told, key_taken=told.key_taken and row.status in ENDED)


ENDED = (Status.CRASH, Status.PROCESSED)


@pytest.fixture(params=KINDS, scope="module")
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


def test_every_guard_of_the_table_has_its_sql() -> None:
    assert {guard.name for row in TRANSITIONS for guard in row.guards} == {
        *CONDITIONS,
        "own_claim",
    }


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=cases())
def test_a_move_matches_and_changes_what_the_table_says(
    there: Queue, case: tuple[Move, Message, Given]
) -> None:
    move, row, told = case
    holds = matches(BY_MOVE[move], row, told)
    expected = after(BY_MOVE[move], row, told) if holds else row

    with there.database.transaction() as transaction:
        prepare(transaction, row, told)
        matched = transaction.execute(
            Statements(":now", available_at=":available_at").move(move), values(row, told)
        ).rowcount
        found = transaction.row(f"SELECT {COLUMNS}, fingerprint FROM queue WHERE id = 1")  # noqa: S608

    assert matched == holds
    assert (message_of(found) if found else None) == expected
    if holds and found and BY_MOVE[move].target is not To.DELETED:
        assert found["fingerprint"] == (expected_fingerprint(move))


def expected_fingerprint(move: Move) -> str | None:
    if "error" in BY_MOVE[move].sets and move is not Move.FINISH:
        return fingerprint(ERROR)
    return None


def prepare(transaction: Transaction, row: Message, told: Given) -> None:
    for table in ("queue", "queue_pause"):
        transaction.execute(f"DELETE FROM {table}")  # noqa: S608
    transaction.insert("queue", values_of(row))
    other = replace(row, id=2, entity_key=None, dedupe_key=None)
    if told.entity_busy:
        busy = replace(other, status=Status.PROCESSING, entity_key="a")
        transaction.insert("queue", values_of(busy))
    if told.key_taken:
        taken = replace(other, id=3, status=Status.NEW, dedupe_key="a")
        transaction.insert("queue", values_of(taken))
    if told.paused:
        pause = {"queue": "general", "type": "", "actor": "anna", "reason": "x", "since": 0}
        transaction.insert("queue_pause", pause)


def values(row: Message, told: Given) -> dict[str, Any]:
    seen = told.seen or row
    return {
        **limit_values(told.limits),
        **row_values([(row.id, told.claim_no or 0)]),
        **error_values(told.error or ""),
        "now": microseconds_of(told.now),
        "run_id": told.run_id,
        "available_at": microseconds_of(told.available_at or told.now),
        "cutoff": microseconds_of(told.cutoff or told.now),
        "seen_status": seen.status.value,
        "seen_claim_no": seen.claim_no,
        "accounted": int(bool(told.actor and told.reason)),
        "including_live": int(told.including_live),
        "readable": int(told.readable),
    }
