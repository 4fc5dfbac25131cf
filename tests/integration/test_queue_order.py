"""In which order messages are taken on each database, and how much is read to find them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.queue.ageing import turn
from domain.queue.job import Direction
from infra.sql.queue.waiting import LOOK
from integration.queue_rows import GENERAL, RUN, Queue, queue
from servers import KINDS

MINUTES = st.integers(-5, 25 * 60).map(lambda minutes: timedelta(minutes=minutes))
WAITING = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from(Direction), st.sampled_from(["a.one", "b.two"]), MINUTES
    ),
    max_size=12,
)


@pytest.fixture(params=KINDS, scope="module")
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


@pytest.fixture(autouse=True)
def empty(there: Queue) -> None:
    there.database.execute("DELETE FROM queue")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(waiting=WAITING, most=st.integers(1, 12))
def test_the_due_messages_are_taken_by_their_turn(
    there: Queue, waiting: list[tuple[int, Direction, str, timedelta]], most: int
) -> None:
    there.database.execute("DELETE FROM queue")
    ids = []
    for priority, direction, type_, age in waiting:
        ids.append(there.add(priority=priority, direction=direction, type=type_))
        there.age(ids[-1], age)
    now = there.now
    due = [one for one in map(there.message, ids) if one.available_at <= now]

    taken = [message.id for message in there.dao.claim(GENERAL, RUN, most)]

    assert taken == [message.id for message in sorted(due, key=turn)][:most]


def test_many_behind_a_busy_entity_key_keep_others_waiting_for_a_few_polls_only(
    there: Queue,
) -> None:
    there.fill(3 * LOOK, "busy")
    [held] = there.claim()
    other, free = there.add(entity_key="other"), there.add()

    polls = [there.claim(10) for _ in range(4)]

    assert {claim.message_id for poll in polls for claim in poll} == {other, free}
    assert held.message_id < other


def test_an_entity_key_that_is_free_again_is_served_first(there: Queue) -> None:
    there.fill(2 * LOOK, "busy")
    [held] = there.claim()
    for _ in range(4):
        there.claim(10)
    there.set(held.message_id, "status = 'PROCESSED', lease_until = NULL")

    assert [claim.message_id for claim in there.claim(10)] == [held.message_id + 1]
