"""What is enqueued on each database: in whose transaction, in which order, and once per key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import Refused
from domain.queue.job import Direction, Status
from domain.queue.work import Draft, Enqueued
from infra.sql.connection import Database, Transaction
from infra.sql.queue.producer import ROWS_AT_ONCE, SqlProducer
from integration.queue_rows import TYPE, Queue, queue
from servers import KINDS

DRAFT = Draft(type=TYPE, payload={"article": 17, "name": "Überzug \U0001f6de"})


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


def write_all(there: Queue, drafts: list[Draft]) -> list[Enqueued]:
    with there.database.transaction() as transaction:
        return list(SqlProducer(transaction, there.database.kind).enqueue_all(drafts))


def test_a_message_is_written_as_its_producer_has_it(there: Queue) -> None:
    draft = replace(
        DRAFT,
        queue="other",
        priority=2,
        direction=Direction.OUTGOING,
        entity_key="order 7",
        dedupe_key="k",
        wait=timedelta(minutes=5),
        max_attempts=8,
        correlation_id="run-1",
        created_by="cron:images:enqueue-batches",
    )

    message = there.message(there.write(draft).message_id)

    assert (message.queue, message.type, message.status) == ("other", TYPE, Status.NEW)
    assert (message.priority, message.direction) == (2, Direction.OUTGOING)
    assert (message.entity_key, message.dedupe_key) == ("order 7", "k")
    assert (message.max_attempts, message.correlation_id) == (8, "run-1")
    assert message.created_by == "cron:images:enqueue-batches"
    assert message.payload == '{"article": 17, "name": "Überzug \U0001f6de"}'
    assert message.available_at - message.created_at == timedelta(minutes=5)
    assert message.status_since == message.created_at


def test_what_no_server_keeps_in_a_text_is_replaced(there: Queue) -> None:
    odd = Draft(type=TYPE, payload={"name": "a\0\ud800"}, entity_key="k\0", dedupe_key="\ud800")

    message = there.message(there.write(odd).message_id)

    assert message.entity_key == "k\ufffd"
    assert message.dedupe_key == "?"
    assert message.payload == '{"name": "a\\u0000?"}'


def test_a_message_of_a_transaction_that_is_rolled_back_was_never_there(there: Queue) -> None:
    def produce(transaction: Transaction) -> None:
        SqlProducer(transaction, there.database.kind).enqueue(DRAFT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        there.database.atomically(produce)

    assert there.claim() == []


@pytest.mark.parametrize("status", ["NEW", "IN_QUEUE", "PROCESSING"])
def test_a_key_that_waits_already_is_told(there: Queue, status: str) -> None:
    first = there.write(replace(DRAFT, dedupe_key="k"))
    there.set(first.message_id, f"status = '{status}'")

    again = there.write(replace(DRAFT, dedupe_key="k"))

    assert again == Enqueued(message_id=first.message_id, is_new=False)
    assert there.write(replace(DRAFT, dedupe_key="K")).is_new
    assert there.write(replace(DRAFT, dedupe_key="k", queue="other")).is_new


@pytest.mark.parametrize("status", ["PROCESSED", "CRASH"])
def test_the_key_of_a_message_that_has_ended_is_free(there: Queue, status: str) -> None:
    first = there.write(replace(DRAFT, dedupe_key="k"))
    there.set(first.message_id, f"status = '{status}'")

    assert there.write(replace(DRAFT, dedupe_key="k")).is_new


def test_many_are_written_in_their_order_with_each_key_once(there: Queue) -> None:
    waiting = there.write(replace(DRAFT, dedupe_key="b"))
    drafts = [replace(DRAFT, dedupe_key=key) for key in (None, "a", "b", None, "a", "c")]

    written = write_all(there, drafts)

    first, a, b, second, a_again, c = (one.message_id for one in written)
    assert first < a < second < c
    assert (b, a_again) == (waiting.message_id, a)
    assert [one.is_new for one in written] == [True, True, False, True, False, True]


def test_more_than_one_statement_s_worth_is_written_in_order(there: Queue) -> None:
    numbers = range(2 * ROWS_AT_ONCE + 1)
    drafts = [replace(DRAFT, payload={"n": n}, dedupe_key=f"k{n}") for n in numbers]

    ids = [one.message_id for one in write_all(there, drafts)]

    assert ids == sorted(set(ids))
    assert write_all(there, drafts) == [Enqueued(message_id=one, is_new=False) for one in ids]
    assert there.message(ids[-1]).payload == f'{{"n": {2 * ROWS_AT_ONCE}}}'
    assert write_all(there, []) == []


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (replace(DRAFT, dedupe_key="k" * 201), "dedupe_key has more than 200 characters"),
        (replace(DRAFT, type="t" * 121), "type has more than 120 characters"),
        (replace(DRAFT, priority=10), "priority 10 is not 0 to 9"),
    ],
)
def test_what_no_row_can_hold_is_refused(there: Queue, draft: Draft, words: str) -> None:
    with pytest.raises(Refused, match=words):
        write_all(there, [DRAFT, draft])

    assert there.claim() == []


def test_two_producers_with_one_key_at_once_write_one_message(there: Queue) -> None:
    """The second waits for the first's commit, and finds its message."""
    keyed = replace(DRAFT, dedupe_key="k")
    second: list[Enqueued] = []

    def write_second() -> None:
        with closing(Database(there.url)) as own, own.transaction() as transaction:
            second.append(SqlProducer(transaction, own.kind).enqueue(keyed))

    rival = threading.Thread(target=write_second)
    with there.database.transaction() as transaction:
        first = SqlProducer(transaction, there.database.kind).enqueue(keyed)
        rival.start()
        rival.join(timeout=0.3)
        assert second == []
    rival.join(timeout=30)

    assert second == [Enqueued(message_id=first.message_id, is_new=False)]
