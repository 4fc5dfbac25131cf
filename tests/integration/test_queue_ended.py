"""Ended messages on the three databases: looked at without a lock, deleted in short steps."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from domain.cleaning.allowance import Allowance
from domain.cleaning.pace import LOOK_ROWS
from domain.errors import LockLost
from domain.operating.ports import Lease
from domain.operating.run import Summary
from domain.queue.cleaning import CleanRequest, QueueCleaning
from domain.queue.retention import Retention
from fakes.supplier_import import FakeRun
from infra.sql.connection import Database
from infra.sql.engine import make_engine
from infra.sql.queue.ended import SqlEndedMessages
from queue_rows import DAY, USUAL, ago, ended, insert, note
from servers import KINDS
from servers import database as new_database

FORTNIGHT = 14 * DAY
OLD, FRESH = 15 * DAY, 13 * DAY


class Table:
    """The queue's table of one database, and the cleaner on it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.engine, self.reader = make_engine(url), make_engine(url, read_only=True)

    def add(self, *rows: dict[str, Any]) -> None:
        insert(self.database, rows)

    def ids(self) -> list[int]:
        return [row["id"] for row in self.database.rows("SELECT id FROM queue ORDER BY id")]

    def clean(
        self,
        request: CleanRequest | None = None,
        run: FakeRun | None = None,
        *,
        crashed: timedelta | None = None,
    ) -> Summary:
        messages = SqlEndedMessages(self.engine, self.reader)
        retention = Retention(processed=FORTNIGHT, crashed=crashed)
        asked = request or CleanRequest(force=True, reason="test")
        cleaning = QueueCleaning(messages, retention, Allowance(), ())
        return cleaning(asked, run or FakeRun())

    def close(self) -> None:
        self.database.close()
        self.engine.dispose()
        self.reader.dispose()


@pytest.fixture(params=KINDS)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    with new_database(request.param) as url:
        made = Table(url)
        yield made
        made.close()


def test_of_all_that_is_there_only_the_old_and_processed_goes(table: Table) -> None:
    words = ("NEW", "IN_QUEUE", "PROCESSING", "PROCESSED", "CRASH", "UNHEARD_OF")
    rows = [ended(age, word) for age in (OLD, FRESH, -300 * DAY) for word in words]
    table.add(*({"id": number, **row} for number, row in enumerate(rows, start=1)))

    summary = table.clean()

    assert set(range(1, 19)) - set(table.ids()) == {4}
    assert summary.items["processed"] == 1


@pytest.mark.parametrize(
    ("row", "goes"),
    [
        ({"created_at": ago(OLD), "finished_at": None}, True),
        ({"created_at": ago(FRESH), "finished_at": None}, False),
        ({"created_at": ago(OLD), "finished_at": ago(FRESH)}, False),
        ({"created_at": ago(FRESH), "finished_at": ago(OLD)}, True),
    ],
    ids=["unfinished old", "unfinished fresh", "finished late", "finished before it was created"],
)
def test_a_message_is_as_old_as_its_end_and_without_one_as_its_creation(
    table: Table, row: dict[str, Any], goes: bool
) -> None:
    table.add({"id": 1, "status": "PROCESSED", **row}, {"id": 2})

    table.clean()

    assert table.ids() == ([2] if goes else [1, 2])


def test_history_goes_with_its_message_and_only_then(table: Table) -> None:
    table.add(*({"id": n, **ended(OLD, "CRASH" if n % 2 else "PROCESSED")} for n in range(1, 7)))
    for number in (1, 2, 2, 3, 6):
        note(table.database, number)

    summary = table.clean()

    left = table.database.rows("SELECT message_id FROM queue_history ORDER BY 1")
    assert [row["message_id"] for row in left] == [1, 3, 6]
    assert summary.items["history"] == 2
    assert table.ids() == [1, 3, 5, 6]


def test_crashed_messages_go_by_their_own_retention(table: Table) -> None:
    table.add(*(ended(age, "CRASH") for age in (91 * DAY, 89 * DAY, OLD)), ended(OLD), {})

    assert table.clean(crashed=90 * DAY).items == {
        "processed": 1, "crashed": 1, "history": 0, "remaining": 0,
    }  # fmt: skip


def test_what_went_is_counted_by_queue(table: Table) -> None:
    table.add(*(ended(OLD, queue=name) for name in ("general", "general", "mails")), {})
    table.clean()
    table.add(ended(OLD), ended(OLD, "CRASH"), {})
    table.clean(crashed=DAY)

    rows = table.database.rows("SELECT queue, value FROM queue_counter WHERE name = 'cleaned'")
    assert {row["queue"]: row["value"] for row in rows} == {"general": 3, "mails": 1}


def test_an_id_is_never_used_again(table: Table) -> None:
    table.add(*(ended(OLD) for _ in range(3)))
    table.clean()
    table.add({})

    assert table.ids() == [3, 4]


def test_gaps_of_millions_cost_no_look(table: Table) -> None:
    table.add(*({"id": 1 + n * 5_000_000, **ended(OLD)} for n in range(40)))
    run = FakeRun()

    assert table.clean(run=run).items["processed"] == 39
    assert run.checkpoints == ["looked", "batch", "deleted"]


def test_a_dry_run_needs_no_right_to_write(table: Table) -> None:
    table.add(ended(OLD), {})
    table.engine = table.reader

    assert table.clean(run=FakeRun(dry_run=True)).items["processed"] == 1
    assert table.ids() == [1, 2]


def test_a_run_that_lost_its_lock_deletes_nothing(table: Table) -> None:
    table.add(ended(OLD), {})
    gone = Lease(key="cron.queue.clean", fence=7, run_id="run-7")

    with pytest.raises(LockLost):
        table.clean(run=FakeRun(leases=[gone]))

    assert table.ids() == [1, 2]


def test_a_message_reset_in_between_stays_with_its_history(table: Table) -> None:
    table.add(ended(OLD, "CRASH"), ended(OLD, "CRASH"), {})
    note(table.database, 1)
    note(table.database, 2)
    reset = "UPDATE queue SET status = 'NEW', finished_at = NULL WHERE id = 1"

    def operator(name: str) -> None:
        if name == "batch":
            table.database.execute(reset)

    summary = table.clean(run=FakeRun(at_checkpoint=operator), crashed=DAY)

    assert summary.items["crashed"] == 1
    assert summary.items["remaining"] == 1
    assert table.ids() == [1, 3]
    assert len(table.database.rows("SELECT 1 FROM queue_history")) == 1


@pytest.fixture(params=("postgresql", "mariadb"))
def served(request: pytest.FixtureRequest) -> Iterator[Table]:
    """Where more than one may write at a time."""
    with new_database(request.param) as url:
        made = Table(url)
        yield made
        made.close()


def test_a_message_in_the_midst_of_a_batch_is_settled_before_its_commit(served: Table) -> None:
    served.add(*(ended(OLD) for _ in range(5)), {"status": "PROCESSING"}, *[ended(OLD)] * 2)
    settle = "UPDATE queue SET status = 'PROCESSED', finished_at = 1 WHERE id = 6"
    settled = []

    def worker(name: str) -> None:
        if name == "deleted":
            settled.append(served.database.execute(settle))

    summary = served.clean(run=FakeRun(at_checkpoint=worker))

    assert settled == [1]
    assert summary.items["processed"] == 6
    assert served.ids() == [6, 8]


def test_a_producer_s_open_transaction_is_not_waited_for(served: Table) -> None:
    served.add(*(ended(OLD) for _ in range(5)), {})

    with served.database.transaction() as transaction:
        transaction.insert("queue", USUAL)
        with ThreadPoolExecutor(1) as pool:
            summary = pool.submit(served.clean).result(timeout=20)

    assert summary.items["processed"] == 5


def test_many_go_in_several_batches(table: Table) -> None:
    table.add(*[ended(OLD, payload="x" * 2_000)] * LOOK_ROWS, {})
    if table.database.kind == "sqlite":  # what the rows themselves have left in it
        table.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    run = FakeRun()

    summary = table.clean(run=run)

    assert summary.items["processed"] == LOOK_ROWS
    assert table.ids() == [LOOK_ROWS + 1]
    assert run.checkpoints.count("deleted") >= 3
    if table.database.kind == "sqlite":  # what was 25 MB is checkpointed on the way
        wal = table.database.address.path.with_name(f"{table.database.address.path.name}-wal")
        assert wal.stat().st_size < 12_000_000
