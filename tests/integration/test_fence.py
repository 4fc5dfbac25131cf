"""On the light connection too a run writes only while it holds its locks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.errors import LockLost
from domain.operating.ports import Lease
from infra.locks.database import DatabaseLocks
from infra.sql.connection import Database, Transaction
from infra.sql.fence import fenced
from integration.ledger_rows import opened_database
from servers import KINDS

KEY = "cron.sample"


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


def held(database: Database, *, seconds: float = 30) -> Lease:
    lease = DatabaseLocks(database, lease_seconds=seconds).acquire(KEY, "run-1")
    assert isinstance(lease, Lease)
    return lease


def write(transaction: Transaction) -> None:
    transaction.insert("queue", {"queue": "general", "type": "sample.work", "payload": "{}"})


def written(database: Database) -> int:
    return len(database.rows("SELECT id FROM queue"))


def test_who_holds_the_lock_writes(database: Database) -> None:
    lease = held(database)

    with fenced(database, [lease], durable=True) as transaction:
        write(transaction)

    assert written(database) == 1


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_who_lost_the_lock_writes_nothing(database: Database, when: str) -> None:
    lease = held(database)
    if when == "before":
        DatabaseLocks(database).break_(KEY)

    def write_fenced() -> None:
        with fenced(database, [lease]) as transaction:
            write(transaction)
            if when == "meanwhile":
                transaction.execute("UPDATE cron_lock SET fence = fence + 1")

    with pytest.raises(LockLost, match="nothing was written"):
        write_fenced()

    assert written(database) == 0


def test_a_lease_that_ran_out_does_not_count(database: Database) -> None:
    lease = held(database)
    database.execute("UPDATE cron_lock SET lease_until = 1")

    with (
        pytest.raises(LockLost, match="not renewed in time"),
        fenced(database, [lease]) as transaction,
    ):
        write(transaction)

    assert written(database) == 0


def test_a_lock_that_nobody_ever_took_does_not_count(database: Database) -> None:
    unknown = Lease(key="cron.unknown", fence=1, run_id="run-1")

    with pytest.raises(LockLost, match="held by nobody"), fenced(database, [unknown]):
        pytest.fail("entered without the lock")
