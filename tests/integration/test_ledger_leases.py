"""Runs of hosts that nobody can ask: their leases tell whether they live."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing as closing_at_end
from datetime import timedelta

import pytest

from domain.operating.ports import Lease
from domain.operating.run import Outcome
from fakes.operating import LOCK, THREE
from infra.sql.connection import Database
from infra.sql.database_clock import NOW
from infra.sql.ledger import SqlLedger
from infra.sql.run_book import SqlRunBook
from integration.ledger_rows import LIVES, UNKNOWN, Processes, closing, counters, start
from servers import KINDS, database

OWN = Lease(key=LOCK, fence=7, run_id="run-1")
MINUTE = 60_000_000


@pytest.fixture(params=KINDS)
def rows(request: pytest.FixtureRequest) -> Iterator[Database]:
    with database(request.param) as url, closing_at_end(Database(url)) as opened:
        yield opened


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def ledger(rows: Database, processes: Processes) -> SqlLedger:
    return SqlLedger(rows, processes.alive)


def lease(rows: Database, *, left: int | None, fence: int = OWN.fence) -> None:
    """Write a lock row whose lease has so many microseconds left; None where it has no lease."""
    clock = rows.row(f"SELECT {NOW[rows.kind]} AS now")
    assert clock
    values = {"lock_key": OWN.key, "fence": fence, "run_id": OWN.run_id}
    with rows.transaction() as transaction:
        until = None if left is None else clock["now"] + left
        transaction.insert("cron_lock", values | {"lease_until": until})


def hold(ledger: SqlLedger, processes: Processes, lives: bool | None) -> None:
    ledger.open(start())
    ledger.hold(OWN.run_id, OWN)
    processes.states[OWN.run_id] = lives


def test_a_run_whose_lease_ran_out_on_another_host_is_closed_as_crashed(
    rows: Database, ledger: SqlLedger, processes: Processes
) -> None:
    hold(ledger, processes, UNKNOWN)
    lease(rows, left=-1)

    reaped = ledger.reap(THREE)

    assert [run.run_id for run in reaped] == [OWN.run_id]
    assert SqlRunBook(rows).run(OWN.run_id).outcome == "crashed"
    assert ledger.open(start("run-2")) is None


@pytest.mark.parametrize(
    ("left", "fence", "lives"),
    [
        pytest.param(MINUTE, OWN.fence, UNKNOWN, id="renewed"),
        pytest.param(None, OWN.fence, UNKNOWN, id="kept by the kernel of its host"),
        pytest.param(-1, OWN.fence + 1, UNKNOWN, id="another's lease"),
        pytest.param(-1, OWN.fence, LIVES, id="frozen on this host"),
    ],
)
def test_a_run_that_may_live_is_left_alone(
    rows: Database,
    ledger: SqlLedger,
    processes: Processes,
    left: int | None,
    fence: int,
    lives: bool | None,
) -> None:
    hold(ledger, processes, lives)
    lease(rows, left=left, fence=fence)

    assert ledger.reap(THREE) == []


@pytest.mark.parametrize(
    ("age", "lives", "reaped"),
    [
        pytest.param(timedelta(minutes=59), UNKNOWN, [], id="may still wait for its lock"),
        pytest.param(timedelta(minutes=61), UNKNOWN, [OWN.run_id], id="died on its way to it"),
        pytest.param(timedelta(minutes=61), LIVES, [], id="lives on this host"),
    ],
)
def test_another_host_s_run_that_never_got_a_lock_is_dead_after_an_hour(
    ledger: SqlLedger,
    processes: Processes,
    age: timedelta,
    lives: bool | None,
    reaped: list[str],
) -> None:
    ledger.open(start(started_at=THREE))
    processes.states[OWN.run_id] = lives

    assert [run.run_id for run in ledger.reap(THREE + age)] == reaped


def test_a_run_taken_for_dead_has_the_last_word_and_is_counted_once(
    rows: Database, ledger: SqlLedger, processes: Processes
) -> None:
    hold(ledger, processes, UNKNOWN)
    lease(rows, left=-1)
    ledger.reap(THREE)
    counted = counters(rows)

    ledger.close(OWN.run_id, closing(Outcome.LOCK_LOST))

    run = SqlRunBook(rows).run(OWN.run_id)
    assert (run.outcome, run.exit_code) == ("lock_lost", 6)
    assert counters(rows) == counted


def test_the_last_word_of_a_run_leaves_the_slot_to_its_successor(
    rows: Database, ledger: SqlLedger, processes: Processes
) -> None:
    hold(ledger, processes, UNKNOWN)
    lease(rows, left=-1)
    ledger.reap(THREE)
    ledger.open(start("run-2"))
    ledger.close("run-2", closing(Outcome.SUCCEEDED))

    ledger.close(OWN.run_id, closing(Outcome.LOCK_LOST))

    again = ledger.open(start("run-3"))
    assert again
    assert (again.run_id, again.outcome) == ("run-2", Outcome.SUCCEEDED)
