"""A worker's bench on each database: effects and settlement are one, or neither is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.errors import JobError
from domain.queue.dao import Claim, ClaimLost, Settlement
from domain.queue.transitions import Move
from domain.queue.work import Draft
from infra.sql.queue.bench import SqlBench
from integration.queue_rows import RUN, TYPE, Queue, queue
from servers import KINDS
from servers.access import Access

RETRY = Settlement(move=Move.RETRY, error="no answer", wait=timedelta(seconds=30))
WRITE = "INSERT INTO effect (message_id) VALUES (:id)"


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        with Access(opened.url) as access:
            access.execute("CREATE TABLE effect (message_id BIGINT NOT NULL PRIMARY KEY)")
        yield opened


@pytest.fixture
def bench(there: Queue) -> Iterator[SqlBench]:
    opened = SqlBench(there.url)
    yield opened
    opened.close()


def effects(there: Queue) -> list[int]:
    rows = there.database.rows("SELECT message_id FROM effect ORDER BY message_id")
    return [int(row["message_id"]) for row in rows]


def claimed(there: Queue, number: int) -> list[Claim]:
    for _ in range(number):
        there.add()
    return there.claim()


def stolen(there: Queue, claim: Claim, *, begun: bool) -> None:
    """Let the message be restarted and claimed by another; its status alone tells nothing then."""
    there.age(claim.message_id)
    there.dao.restart_stale("general", 10)
    [other] = there.claim(run_id="run-2")
    if begun:
        there.begin(other)


def test_to_begin_counts_an_attempt_of_what_is_held_still(there: Queue, bench: SqlBench) -> None:
    first, second = claimed(there, 2)
    stolen(there, second, begun=False)

    assert bench.start([first, second]) == [first]
    assert bench.start([second]) == []

    message = there.message(first.message_id)
    assert (message.status, message.attempts, message.run_id) == ("PROCESSING", 1, RUN)
    assert there.message(second.message_id).attempts == 0


def test_begun_and_not_told_is_begun_once(there: Queue, bench: SqlBench) -> None:
    [claim] = claimed(there, 1)
    bench.start([claim])

    assert bench.start([claim]) == [claim]
    assert there.message(claim.message_id).attempts == 1


@pytest.mark.parametrize("writes", [False, True])
def test_to_finish_settles_and_begins_the_next(there: Queue, bench: SqlBench, writes: bool) -> None:
    first, second, third = claimed(there, 3)
    bench.start([first])
    if writes:
        assert bench.statements.execute(WRITE, id=first.message_id) == 1
        assert effects(there) == []

    assert bench.finish([first], [second]) == [second]
    assert bench.finish([second]) == []

    message = there.message(first.message_id)
    assert (message.status, message.error, message.lease_until) == ("PROCESSED", None, None)
    assert message.finished_at
    assert there.status(second.message_id) == "PROCESSED"
    assert there.status(third.message_id) == "IN_QUEUE"
    assert effects(there) == [first.message_id] * writes
    assert there.history(first.message_id) == []


@pytest.mark.parametrize("writes", [False, True])
def test_a_lost_claim_takes_its_effects_along_and_the_next_one_begins_once(
    there: Queue, bench: SqlBench, writes: bool
) -> None:
    first, second = claimed(there, 2)
    bench.start([first])
    stolen(there, first, begun=True)
    if writes:
        bench.statements.execute(WRITE, id=first.message_id)

    with pytest.raises(ClaimLost) as caught:
        bench.finish([first], [second])

    assert caught.value.claims == (first,)
    assert effects(there) == []
    assert there.message(first.message_id).run_id == "run-2"
    assert bench.start([second]) == [second]
    assert there.message(second.message_id).attempts == 1


def test_a_next_message_that_is_lost_keeps_nothing_back(there: Queue, bench: SqlBench) -> None:
    first, second, third = claimed(there, 3)
    bench.start([first])
    stolen(there, second, begun=False)

    assert bench.finish([first], [second]) == []
    assert there.status(first.message_id) == "PROCESSED"

    bench.start([third])
    assert bench.finish([third], [second, first]) == []


def test_a_group_is_settled_whole_or_not_at_all(there: Queue, bench: SqlBench) -> None:
    claims = claimed(there, 3)
    bench.start(claims)
    stolen(there, claims[1], begun=True)
    for claim in claims:
        bench.savepoint()
        bench.statements.execute(WRITE, id=claim.message_id)

    with pytest.raises(ClaimLost) as caught:
        bench.finish(claims)

    assert caught.value.claims == (claims[1],)
    assert effects(there) == []

    rest = [claims[0], claims[2]]
    for claim in rest:
        bench.savepoint()
        bench.statements.execute(WRITE, id=claim.message_id)
    bench.finish(rest)

    assert effects(there) == [claim.message_id for claim in rest]


def test_one_of_a_group_that_failed_is_undone_alone(there: Queue, bench: SqlBench) -> None:
    claims = claimed(there, 4)
    bench.start(claims)
    for claim in claims[:2]:
        bench.savepoint()
        bench.statements.execute(WRITE, id=claim.message_id)
    bench.undo()
    bench.savepoint()
    bench.undo()  # it had written nothing
    bench.savepoint()
    with pytest.raises(JobError):
        bench.statements.execute(WRITE, id=claims[0].message_id)
    bench.undo()
    bench.savepoint()
    bench.statements.execute(WRITE, id=claims[3].message_id)

    bench.finish([claims[0], claims[3]])

    assert effects(there) == [claims[0].message_id, claims[3].message_id]
    assert bench.fail(claims[1], RETRY)
    assert there.status(claims[1].message_id) == "NEW"


def test_to_fail_rolls_back_and_settles(there: Queue, bench: SqlBench) -> None:
    [claim] = claimed(there, 1)
    bench.start([claim])
    bench.statements.execute(WRITE, id=claim.message_id)

    assert bench.fail(claim, RETRY)
    assert not bench.fail(claim, RETRY)

    assert effects(there) == []
    assert there.message(claim.message_id).error == "no answer"
    assert there.history(claim.message_id) == [("retry", "worker", RUN)]


def test_after_an_error_nothing_is_written_whatever_the_handler_makes_of_it(
    there: Queue, bench: SqlBench
) -> None:
    [claim] = claimed(there, 1)
    bench.start([claim])
    bench.statements.execute(WRITE, id=claim.message_id)
    for _ in range(2):
        with pytest.raises(JobError):
            bench.statements.execute(WRITE, id=claim.message_id)

    with pytest.raises(JobError):
        bench.finish([claim])
    bench.rollback()

    assert effects(there) == []
    assert there.status(claim.message_id) == "PROCESSING"
    assert bench.finish([claim]) == []


def test_what_a_handler_enqueues_is_there_if_its_message_is_settled(
    there: Queue, bench: SqlBench
) -> None:
    first, second = claimed(there, 2)
    bench.start([first, second])
    lost = bench.producer.enqueue(Draft(type=TYPE, payload={}, dedupe_key="a"))
    bench.fail(first, RETRY)
    written = bench.producer.enqueue(Draft(type=TYPE, payload={}, dedupe_key="a"))
    bench.finish([second])

    assert lost.is_new
    assert written.is_new
    assert [claim.message_id for claim in there.claim()] == [written.message_id]


def test_a_handler_reads_what_it_wrote(there: Queue, bench: SqlBench) -> None:
    statements = bench.statements
    statements.execute(WRITE, id=7)

    assert [row["message_id"] for row in statements.rows("SELECT * FROM effect")] == [7]
    assert statements.row("SELECT * FROM effect WHERE message_id = :id", id=8) is None
    assert statements.execute("UPDATE effect SET message_id = 7 WHERE message_id = 7") == 1

    bench.rollback()

    assert effects(there) == []
