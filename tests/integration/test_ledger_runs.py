"""Runs, attempts, verdicts and counters on each real database."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import closing as closing_at_end
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.operating.ports import Lease
from domain.operating.run import Outcome, Summary, Trigger, UnitResult, Verdict
from fakes.operating import LOCK, START, THREE, unit
from infra.process import identity
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from infra.sql.run_book import SqlRunBook
from infra.sql.run_rows import MESSAGE_LENGTH
from integration.ledger_rows import (
    DEAD,
    LIVES,
    UNKNOWN,
    Processes,
    closing,
    counters,
    never_falls,
    open_and_hang,
    opened_database,
    record,
    start,
)
from servers import KINDS
from servers import database as new_database

COMMAND, SCOPE = START.command, START.scope
SECOND = timedelta(seconds=1)
SKIPPED = (Outcome.SKIPPED_LOCKED, Outcome.STARVED)


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


@pytest.fixture
def book(database: Database) -> SqlRunBook:
    return SqlRunBook(database)


# --- a run and its verdict ----------------------------------------------------------------------


def test_a_run_is_kept_as_it_was_started(ledger: SqlLedger, book: SqlRunBook) -> None:
    begun = start("run-1", scheduler_run_id="cr-010-29", reason="ü", arguments=("--all", "a b"))
    ledger.open(begun)

    kept = book.run("run-1")

    assert kept.start == begun
    assert (kept.outcome, kept.exit_code, kept.finished_at) == (None, None, None)


def test_instants_are_kept_to_the_microsecond_in_utc(ledger: SqlLedger, book: SqlRunBook) -> None:
    at = datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC)
    ledger.open(start(started_at=at))

    kept = book.run("run-1").start.started_at

    assert kept == at
    assert kept.utcoffset() == timedelta(0)


def test_a_verdict_is_kept_with_all_that_belongs_to_it(ledger: SqlLedger, book: SqlRunBook) -> None:
    failed = unit("supplier 23", UnitResult.FAILED, message="no column")
    summary = Summary(units=(failed,), items={"booked": 3}, notes=("two files",))
    ledger.open(start())

    ledger.close("run-1", closing(Outcome.PARTIAL, summary=summary, log_tail="the tail"))

    kept = book.run("run-1")
    assert (kept.outcome, kept.exit_code, kept.message) == ("partial", 4, "partial")
    assert kept.summary["items"] == {"booked": 3}
    assert kept.summary["notes"] == ["two files"]
    assert kept.summary["units"][0]["message"] == "no column"
    assert (kept.log_tail, kept.finished_at) == ("the tail", THREE + 12 * SECOND)


def test_texts_that_others_chose_are_kept_whatever_they_hold(
    ledger: SqlLedger, book: SqlRunBook
) -> None:
    long, odd = "x" * 500, "🛞\0\udc80" * 30_000
    names = {"correlation_id": long, "scheduler_run_id": long, "host": long, "actor": long}
    ledger.open(start("run-1", slot=None, reason=odd, **names))
    verdict = Verdict.of(Outcome.FAILED, odd, error=long)
    ledger.close("run-1", closing(Outcome.FAILED, verdict=verdict, log_tail=odd))

    kept = book.run("run-1")

    assert kept.start.correlation_id == long[:120]
    assert (kept.error, len(kept.message)) == (long[:80], MESSAGE_LENGTH)
    assert kept.log_tail.count("🛞") == 30_000


def test_a_verdict_is_written_once(ledger: SqlLedger, book: SqlRunBook, database: Database) -> None:
    ledger.open(start())
    ledger.close("run-1", closing(Outcome.SUCCEEDED))
    once = (book.run("run-1"), counters(database))

    ledger.close("run-1", closing(Outcome.FAILED, attempts=3))

    assert (book.run("run-1"), counters(database)) == once


def test_attempts_are_kept_in_order(ledger: SqlLedger, book: SqlRunBook) -> None:
    ledger.open(start())
    ledger.attempt_started("run-1", 1, THREE)
    ledger.attempt_ended("run-1", 1, THREE + SECOND, outcome="failed", message="no file")
    ledger.attempt_started("run-1", 2, THREE + 2 * SECOND)

    first, second = book.attempts("run-1")

    assert (first.outcome, first.message) == ("failed", "no file")
    assert first.finished_at == THREE + SECOND
    assert (second.attempt, second.outcome, second.finished_at) == (2, None, None)


# --- dead runs ----------------------------------------------------------------------------------


def test_a_run_whose_process_was_killed_is_closed_as_crashed(
    url: str, database: Database, book: SqlRunBook
) -> None:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=open_and_hang, args=(url, theirs))
    ledger = SqlLedger(database, identity.alive)
    process.start()
    with ours, theirs:
        assert ours.recv() == "open"
        assert ledger.reap(THREE) == []
        process.kill()
        process.join(timeout=60)

    (reaped,) = ledger.reap(THREE + 60 * SECOND)

    assert reaped.run_id == "run-hangs"
    kept = book.run("run-hangs")
    assert (kept.outcome, kept.exit_code) == ("crashed", 70)
    assert f"process {process.pid} on {identity.host()}" in kept.message
    assert ledger.reap(THREE) == []
    assert ledger.open(start("run-next")) is None, "its firing is free again"


@pytest.mark.parametrize("state", [LIVES, UNKNOWN])
def test_a_run_not_known_to_be_dead_is_left_alone(
    ledger: SqlLedger, processes: Processes, book: SqlRunBook, state: bool | None
) -> None:
    ledger.open(start())
    processes.states["run-1"] = state

    assert ledger.reap(THREE) == []
    assert book.run("run-1").outcome is None


def test_a_run_that_ends_while_it_is_looked_at_keeps_its_own_verdict(
    ledger: SqlLedger, database: Database, book: SqlRunBook
) -> None:
    ledger.open(start())

    def ends_just_now(host: str, pid: int, token: str) -> bool:
        ledger.close("run-1", closing(Outcome.SUCCEEDED))
        return DEAD

    assert SqlLedger(database, ends_just_now).reap(THREE) == []
    assert book.run("run-1").outcome == "succeeded"


def test_a_reaped_run_keeps_its_count_of_attempts(
    ledger: SqlLedger, processes: Processes, book: SqlRunBook
) -> None:
    ledger.open(start())
    ledger.attempt_started("run-1", 1, THREE)
    ledger.attempt_started("run-1", 2, THREE)
    processes.states["run-1"] = DEAD

    ledger.reap(THREE)

    assert book.run("run-1").attempts == 2


def test_the_lock_stands_on_the_run_s_row(ledger: SqlLedger, book: SqlRunBook) -> None:
    ledger.open(start())

    ledger.hold("run-1", Lease(key=LOCK, fence=7, run_id="run-1"))

    assert (book.run("run-1").lock_key, book.run("run-1").fence) == (LOCK, 7)


@pytest.mark.parametrize(
    ("state", "outcome"), [(DEAD, "crashed"), (UNKNOWN, "crashed"), (LIVES, None)]
)
def test_who_held_the_lock_before_and_never_ended_is_dead_unless_seen_alive(
    ledger: SqlLedger,
    processes: Processes,
    book: SqlRunBook,
    state: bool | None,
    outcome: str | None,
) -> None:
    ledger.open(start("run-0", slot=None))
    ledger.hold("run-0", Lease(key=LOCK, fence=7, run_id="run-0"))
    processes.states["run-0"] = state
    ledger.open(start("run-1"))

    ledger.hold("run-1", Lease(key=LOCK, fence=8, run_id="run-1"))

    assert book.run("run-0").outcome == outcome
    assert book.run("run-1").outcome is None


# --- counters and skips -------------------------------------------------------------------------


def test_a_closed_run_is_counted_by_outcome_retries_and_duration(
    ledger: SqlLedger, database: Database
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED, attempts=3)

    counted = counters(database)

    assert counted["schedule outcome:succeeded"] == 1
    assert counted["schedule retries"] == 2
    assert counted["schedule duration:sum"] == 12
    bounds = {name.rpartition(":")[2] for name in counted if "duration" in name}
    assert {"15", "14400"} <= bounds
    assert bounds.isdisjoint({"1", "5"})


@pytest.mark.parametrize(("seconds", "counted"), [(15, True), (15.001, False)])
def test_a_bucket_holds_what_lasted_just_as_long(
    ledger: SqlLedger, database: Database, seconds: float, counted: bool
) -> None:
    ledger.open(start(slot=None))

    ledger.close("run-1", closing(Outcome.SUCCEEDED, finished_at=THREE + seconds * SECOND))

    assert ("schedule duration:15" in counters(database)) is counted


def test_a_run_without_an_attempt_has_no_duration(ledger: SqlLedger, database: Database) -> None:
    record(ledger, "run-1", Outcome.SKIPPED_LOCKED, attempts=0)

    assert counters(database) == {"schedule outcome:skipped_locked": 1}


def test_runs_by_hand_are_counted_apart(ledger: SqlLedger, database: Database) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)
    record(ledger, "run-2", Outcome.SUCCEEDED, trigger=Trigger.MANUAL)

    assert counters(database)["schedule outcome:succeeded"] == 1
    assert counters(database)["manual outcome:succeeded"] == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Outcome), st.integers(0, 3)), max_size=8))
def test_counters_never_fall(ends: list[tuple[Outcome, int]]) -> None:
    with opened_database("sqlite") as database:
        ledger = SqlLedger(database, Processes().alive)
        for number, (outcome, attempts) in enumerate(ends):
            before = counters(database)
            record(ledger, f"run-{number}", outcome, attempts=attempts)
            assert never_falls(before.items(), counters(database))
        total = sum(value for name, value in counters(database).items() if "outcome" in name)
        assert total == len(ends)


@pytest.mark.parametrize(
    ("outcomes", "skips"),
    [
        ([], 0),
        ([Outcome.SKIPPED_LOCKED], 1),
        ([Outcome.SKIPPED_LOCKED, Outcome.SKIPPED_LOCKED, Outcome.STARVED], 3),
        ([Outcome.SKIPPED_LOCKED, Outcome.SUCCEEDED], 0),
        ([Outcome.SKIPPED_LOCKED, Outcome.FAILED, Outcome.SKIPPED_LOCKED], 1),
    ],
)
def test_skips_in_a_row_end_with_a_run_that_had_the_lock(
    ledger: SqlLedger, outcomes: list[Outcome], skips: int
) -> None:
    for number, outcome in enumerate(outcomes):
        attempts = 0 if outcome in SKIPPED else 1
        at = THREE + number * SECOND
        record(ledger, f"run-{number}", outcome, at=at, attempts=attempts)
    record(ledger, "other", Outcome.SKIPPED_LOCKED, scope="supplier.23", at=THREE + 99 * SECOND)
    ledger.open(start("asking", slot=None, started_at=THREE + 100 * SECOND))

    assert ledger.skips_in_a_row(COMMAND, SCOPE) == skips
