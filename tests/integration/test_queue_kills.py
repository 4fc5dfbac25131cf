"""Kill -9 at every statement of a worker and its parent: nothing is lost, nothing done twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import pytest

from domain.queue.dao import Claim, Settlement
from domain.queue.job import IN_FLIGHT, Message, Status
from domain.queue.transitions import Move
from infra.sql.connection import Database
from infra.sql.queue.bench import SqlBench
from infra.sql.queue.dao import SqlQueueDAO
from integration.queue_rows import RUN, Queue, queue
from servers import KINDS
from servers.access import Access

FORK = multiprocessing.get_context("fork")
CALLS = ("begin", "execute", "execute_often", "insert_new", "insert_rows")
WRITE = "INSERT INTO effect (message_id) VALUES (:id)"
RETRY = Settlement(move=Move.RETRY, error="no answer")
MESSAGES = 6


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        with Access(opened.url) as access:
            access.execute("CREATE TABLE effect (message_id BIGINT NOT NULL)")
        yield opened


@pytest.mark.timeout(600)
def test_a_kill_at_any_statement_neither_loses_nor_doubles(there: Queue) -> None:
    killed = next(number for number in count() if not killed_after(there, number))

    assert killed > 20  # as many statements as the life below has


def killed_after(there: Queue, number: int) -> bool:
    """Live a life that is killed after n statements, and check what it left; False: it ended."""
    renew(there)
    process = FORK.Process(target=live, args=(there.url, number))
    process.start()
    process.join(timeout=60)
    assert process.exitcode in (0, -signal.SIGKILL), f"after {number} statements"

    for message_id in ids(there):
        check(there, there.message(message_id))
    recover(there)

    return process.exitcode != 0


def renew(there: Queue) -> None:
    for table in ("queue", "queue_history", "effect"):
        there.database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    for place in range(MESSAGES):
        there.add(max_attempts=9, entity_key="one" if place in (1, 4) else None)
    there.database.close()  # the child must not share it


# --- in the child ---------------------------------------------------------------------------------


def live(url: str, number: int) -> None:
    database = Database(url)
    mine = Queue(url, database, SqlQueueDAO(database))
    bench = SqlBench(url)
    arm(database.kind, number)
    with closing(database), closing(bench):
        claims = mine.claim()
        bench.start(claims[:1])
        bench.statements.execute(WRITE, id=claims[0].message_id)
        bench.finish(claims[:1], claims[1:2])
        bench.finish(claims[1:2], claims[2:3])  # which writes nothing
        bench.statements.execute(WRITE, id=claims[2].message_id)
        bench.fail(claims[2], RETRY)
        group(bench, claims[3:4] + mine.claim(1))
        mine.dao.heartbeat(claims)
        mine.dao.abandon(claims[4:], "worker was killed")
        mine.dao.restart_stale("general", 10)
        rest = mine.claim()
        bench.start(rest[:1])
        mine.dao.give_back(rest)
    os._exit(0)  # not the test's own way out


def group(bench: SqlBench, claims: list[Claim]) -> None:
    bench.start(claims)
    for claim in claims:
        bench.savepoint()
        bench.statements.execute(WRITE, id=claim.message_id)
    bench.finish(claims)


def arm(kind: str, number: int) -> None:
    """Kill this process between the nth call of the driver and the next."""
    driver, calls = import_module(f"infra.sql.drivers.{kind}"), count()

    def armed(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return called

    for name in CALLS:
        setattr(driver, name, armed(getattr(driver, name)))


# --- in the test ----------------------------------------------------------------------------------


def ids(there: Queue) -> list[int]:
    return [int(row["id"]) for row in there.database.rows("SELECT id FROM queue ORDER BY id")]


def check(there: Queue, message: Message) -> None:
    """The row is one that the table allows, and its effect is there if and only if it is done."""
    held = (message.run_id, message.lease_until)
    assert (None not in held) if message.status in IN_FLIGHT else message.lease_until is None
    assert (message.run_id is None) == (message.status is Status.NEW)
    assert (message.finished_at is None) == (message.status is not Status.PROCESSED)
    writes_nothing = message.id == ids(there)[2 - 1]
    assert effects(there, message.id) in allowed(message, writes_nothing)


def allowed(message: Message, writes_nothing: bool) -> tuple[int, ...]:
    if message.status is not Status.PROCESSED:
        return (0,)
    return (0, 1) if writes_nothing else (1,)


def effects(there: Queue, message_id: int) -> int:
    row = there.database.row("SELECT COUNT(*) AS n FROM effect WHERE message_id = :i", i=message_id)
    assert row
    return int(row["n"])


def recover(there: Queue) -> None:
    """Let the leases run out and others do the rest; all is processed, each once."""
    expected = ids(there)
    with closing(SqlBench(there.url)) as bench:
        for _ in range(2 * MESSAGES):
            for message_id in expected:
                there.age(message_id, timedelta(minutes=2))
            there.dao.restart_stale("general", 10)
            claims = there.claim(run_id=f"{RUN}-recovering")
            if claims:
                group(bench, claims)
    for message_id in expected:
        message = there.message(message_id)
        assert message.status is Status.PROCESSED, message
        check(there, message)
    assert len(expected) == MESSAGES
