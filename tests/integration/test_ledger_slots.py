"""Which start gets a firing, decided by the ledger on each real database."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import closing as closing_at_end
from datetime import timedelta

import pytest

from domain.operating.ports import SlotTaken
from domain.operating.run import Outcome, Trigger
from fakes.operating import START, THREE
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from integration.ledger_rows import (
    CLAIMED,
    DEAD,
    LIVES,
    TAKEN,
    UNKNOWN,
    Processes,
    claim,
    closing,
    counters,
    start,
)
from servers import KINDS
from servers import database as new_database

COMMAND, SCOPE = START.command, START.scope
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with new_database(request.param) as fresh:
        yield fresh


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing_at_end(Database(url)) as opened:
        yield opened


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def ledger(database: Database, processes: Processes) -> SqlLedger:
    return SqlLedger(database, processes.alive)


def settle(ledger: SqlLedger, outcome: Outcome) -> None:
    assert ledger.open(start("run-0")) is None
    ledger.close("run-0", closing(outcome))


def race(url: str) -> list[int | None]:
    """Let eight processes claim one slot at the same moment; gives their exit codes."""
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(8)
    all_eight = [spawn.Process(target=claim, args=(url, n, together)) for n in range(8)]
    for process in all_eight:
        process.start()
    for process in all_eight:
        process.join(timeout=120)
    return [process.exitcode for process in all_eight]


def test_of_eight_processes_exactly_one_gets_a_firing(url: str, database: Database) -> None:
    codes = race(url)

    assert sorted(map(str, codes)) == [str(CLAIMED)] + [str(TAKEN)] * 7
    assert len(database.rows("SELECT run_id FROM cron_run")) == 8
    (slot,) = database.rows("SELECT run_id FROM cron_slot")
    assert slot["run_id"] == f"run-{codes.index(CLAIMED)}"


def test_of_eight_processes_exactly_one_repeats_a_failed_firing(
    url: str, ledger: SqlLedger
) -> None:
    assert ledger.open(start("run-first")) is None
    ledger.close("run-first", closing(Outcome.FAILED))

    assert race(url).count(CLAIMED) == 1


@pytest.mark.parametrize("outcome", [o for o in Outcome if o.settles_slot])
def test_a_settled_firing_is_taken(ledger: SqlLedger, outcome: Outcome) -> None:
    settle(ledger, outcome)

    assert ledger.open(start("run-1")) == SlotTaken(run_id="run-0", outcome=outcome)


@pytest.mark.parametrize("outcome", [o for o in Outcome if not o.settles_slot])
def test_any_other_firing_may_be_run_again(ledger: SqlLedger, outcome: Outcome) -> None:
    settle(ledger, outcome)

    assert ledger.open(start("run-1")) is None
    assert ledger.open(start("run-2")) == SlotTaken(run_id="run-1", outcome=None)


@pytest.mark.parametrize("state", [LIVES, UNKNOWN])
def test_a_firing_under_way_is_taken_also_where_its_process_cannot_be_seen(
    ledger: SqlLedger, processes: Processes, state: bool | None
) -> None:
    ledger.open(start("run-0"))
    processes.states["run-0"] = state

    assert ledger.open(start("run-1")) == SlotTaken(run_id="run-0", outcome=None)


def test_a_firing_whose_process_is_dead_is_free(ledger: SqlLedger, processes: Processes) -> None:
    ledger.open(start("run-0"))
    processes.states["run-0"] = DEAD

    assert ledger.open(start("run-1")) is None


def test_a_settled_firing_stays_taken_when_its_run_row_was_cleaned_away(
    ledger: SqlLedger, database: Database
) -> None:
    settle(ledger, Outcome.SUCCEEDED)
    with database.transaction() as connection:
        connection.execute("DELETE FROM cron_run")

    assert ledger.open(start("run-1")) == SlotTaken(run_id="run-0", outcome=Outcome.SUCCEEDED)


def test_a_firing_whose_run_row_vanished_before_its_end_is_free(
    ledger: SqlLedger, database: Database
) -> None:
    ledger.open(start("run-0"))
    with database.transaction() as connection:
        connection.execute("DELETE FROM cron_run")

    assert ledger.open(start("run-1")) is None


def test_a_settled_firing_runs_again_on_demand(ledger: SqlLedger) -> None:
    settle(ledger, Outcome.SUCCEEDED)

    assert ledger.open(start("run-1", again=True)) is None
    assert ledger.open(start("run-2")) == SlotTaken(run_id="run-1", outcome=None)


def test_a_firing_under_way_is_not_run_again_even_on_demand(ledger: SqlLedger) -> None:
    ledger.open(start("run-0"))

    taken = ledger.open(start("run-1", again=True))

    assert taken == SlotTaken(run_id="run-0", outcome=None)


def test_a_run_by_hand_claims_nothing(ledger: SqlLedger, database: Database) -> None:
    assert ledger.open(start("run-0", slot=None)) is None
    assert database.rows("SELECT * FROM cron_slot") == []


@pytest.mark.parametrize(
    "other",
    [{"scope": "supplier.23"}, {"slot": THREE + MINUTE}, {"command": "cron:sample:other"}],
    ids=["scope", "instant", "command"],
)
def test_a_firing_is_one_command_one_scope_and_one_instant(
    ledger: SqlLedger, other: dict[str, str]
) -> None:
    settle(ledger, Outcome.SUCCEEDED)

    assert ledger.open(start("run-1", **other)) is None


def test_the_newest_firing_on_record_is_of_the_same_command_and_scope(ledger: SqlLedger) -> None:
    assert ledger.newest_slot(COMMAND, SCOPE) is None

    ledger.open(start("run-0"))
    ledger.open(start("run-1", slot=THREE - MINUTE))
    ledger.open(start("run-2", slot=THREE + MINUTE, scope="supplier.23"))

    assert ledger.newest_slot(COMMAND, SCOPE) == THREE


def test_newer_firings_are_counted(ledger: SqlLedger) -> None:
    for minutes in range(3):
        ledger.open(start(f"run-{minutes}", slot=THREE + minutes * MINUTE))

    assert ledger.slots_after(COMMAND, SCOPE, THREE) == 2


def test_missed_firings_are_noted_once_counted_and_may_still_be_run(
    ledger: SqlLedger, database: Database
) -> None:
    ledger.open(start("run-0"))
    missed = [THREE, THREE + MINUTE, THREE + 2 * MINUTE]

    assert ledger.note_missed(COMMAND, SCOPE, missed) == 2
    assert ledger.note_missed(COMMAND, SCOPE, missed) == 0
    assert counters(database) == {f"{Trigger.SCHEDULE} outcome:missed": 2}
    assert ledger.open(start("run-1", slot=THREE + MINUTE)) is None
