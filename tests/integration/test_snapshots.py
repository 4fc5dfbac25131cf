"""What was promised, beside what the ledger knows: deadlines, ages and pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from domain.operating.contract import Priority
from domain.operating.ports import Pause
from domain.operating.run import Outcome, Trigger
from fakes.operating import CONTRACT, START, THREE
from infra.schedules import DeclaredSchedule
from infra.sql.connection import Database
from infra.sql.job_counters import SqlJobCounters
from infra.sql.job_states import SqlJobStates
from infra.sql.ledger import SqlLedger
from infra.sql.pauses import SqlPauses
from infra.telemetry.snapshot import Declaration, Snapshot, Snapshots
from integration.ledger_rows import Processes, closing, counters, opened_database, record, start
from servers import KINDS

JOB = str(START.schedule_id)
HOURLY = DeclaredSchedule(
    schedule_id=JOB,
    command=CONTRACT.name,
    arguments=(),
    cron="0 * * * *",
    zone="UTC",
    start_grace=timedelta(minutes=5),
    suspended=False,
)
GRACE, TIMEOUT = 300, CONTRACT.timeout.total_seconds()
HOUR = timedelta(hours=1)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, Processes().alive)


def snapshot(
    database: Database,
    schedule: DeclaredSchedule | None = HOURLY,
    trigger: Trigger = Trigger.SCHEDULE,
) -> Snapshot:
    declared = [Declaration(job=JOB, contract=CONTRACT, cadence=schedule)]
    found = Snapshots(SqlJobStates(database), SqlPauses(database), lambda: declared, "1").read()
    return next(one for one in found if one.state.trigger == trigger)


# --- deadlines and ages -------------------------------------------------------------------------


def test_the_deadline_follows_the_newest_firing_on_record_and_no_clock(
    ledger: SqlLedger, database: Database
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED, slot=THREE)

    assert snapshot(database).next_deadline == (THREE + HOUR).timestamp() + GRACE + TIMEOUT


def test_a_failed_or_a_skipped_firing_moves_the_deadline_too(
    ledger: SqlLedger, database: Database
) -> None:
    for number, outcome in enumerate((Outcome.FAILED, Outcome.SKIPPED_PAUSED)):
        record(
            ledger, f"run-{number}", outcome, at=THREE + number * HOUR, slot=THREE + number * HOUR
        )

    assert snapshot(database).next_deadline == (THREE + 2 * HOUR).timestamp() + GRACE + TIMEOUT


def test_a_job_that_never_ran_is_due_after_it_was_declared(database: Database) -> None:
    SqlJobCounters(database).declare(JOB, THREE + timedelta(minutes=20))

    assert snapshot(database).next_deadline == (THREE + HOUR).timestamp() + GRACE + TIMEOUT


def test_declaring_again_neither_moves_the_deadline_nor_touches_a_counter(
    ledger: SqlLedger, database: Database
) -> None:
    declared = SqlJobCounters(database)
    new = declared.declare(JOB, THREE)
    record(ledger, "run-1", Outcome.FAILED)
    counted, due = counters(database), snapshot(database).next_deadline

    assert new > 2 * len(Outcome)
    assert declared.declare(JOB, THREE + 9 * HOUR) == 0
    assert (counters(database), snapshot(database).next_deadline) == (counted, due)


@pytest.mark.parametrize(
    ("schedule", "trigger"),
    [
        (None, Trigger.SCHEDULE),
        (replace(HOURLY, suspended=True), Trigger.SCHEDULE),
        (HOURLY, Trigger.MANUAL),
    ],
    ids=["undeclared", "suspended", "by hand"],
)
def test_what_is_not_due_has_no_deadline(
    ledger: SqlLedger, database: Database, schedule: DeclaredSchedule | None, trigger: Trigger
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED, slot=THREE, trigger=trigger)

    found = snapshot(database, schedule, trigger)

    assert (found.next_deadline, found.max_success_age) == (None, None)


@pytest.mark.parametrize(("priority", "periods"), [(Priority.HIGH, 1), (Priority.LOW, 2)])
def test_the_last_success_is_too_old_when_its_successors_are_overdue(
    priority: Priority, periods: int
) -> None:
    contract = replace(CONTRACT, priority=priority)
    declared = Declaration(job=JOB, contract=contract, cadence=HOURLY)

    budget = contract.budget.total_seconds()
    assert declared.max_success_age == periods * 3600 + GRACE + budget


# --- pauses and wrong deaths --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "until", "seen"),
    [
        (CONTRACT.name, THREE, THREE.timestamp()),
        (CONTRACT.name, None, inf),
        ("*", None, inf),
        ("cron:other:work", None, 0),
    ],
)
def test_a_pause_is_seen_on_the_jobs_that_it_stops(
    ledger: SqlLedger, database: Database, command: str, until: datetime | None, seen: float
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)
    pause = Pause(command=command, actor="a", reason="b", since=THREE, until=until)

    SqlPauses(database).pause(pause)

    assert snapshot(database).paused_until == seen


def test_a_run_that_was_taken_for_dead_and_succeeded_is_a_success(
    ledger: SqlLedger, database: Database
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    processes = Processes()
    others = SqlLedger(database, processes.alive)
    processes.states["run-1"] = False
    ledger.open(start("run-1", started_at=long_ago))
    others.reap(THREE)
    crashed = snapshot(database).state

    ledger.close("run-1", closing(Outcome.SUCCEEDED))

    state = snapshot(database).state
    assert (crashed.last_success, crashed.last_failure) == (0, THREE.timestamp())
    assert state.last_success > state.last_failure
    assert state.outcomes == crashed.outcomes
