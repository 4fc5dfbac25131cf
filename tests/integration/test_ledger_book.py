"""Runs looked up by command, outcome or the beginning of their id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import Refused
from domain.operating.run import Outcome
from fakes.operating import START, THREE
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from infra.sql.run_book import SqlRunBook
from integration.ledger_rows import Processes, items, opened_database, record, start
from servers import KINDS

COMMAND = START.command
SECOND = timedelta(seconds=1)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, Processes().alive)


@pytest.fixture
def book(database: Database) -> SqlRunBook:
    return SqlRunBook(database)


@pytest.fixture
def three_runs(ledger: SqlLedger) -> None:
    record(ledger, "0192-aa", Outcome.SUCCEEDED, at=THREE)
    record(ledger, "0192-ab", Outcome.FAILED, at=THREE + SECOND, summary=items(booked=1))
    ledger.open(start("0193-aa", started_at=THREE + 2 * SECOND, command="cron:sample:other"))


@pytest.mark.parametrize(
    ("limit", "command", "outcome", "found"),
    [
        (9, None, None, ["0193-aa", "0192-ab", "0192-aa"]),
        (2, None, None, ["0193-aa", "0192-ab"]),
        (9, COMMAND, None, ["0192-ab", "0192-aa"]),
        (9, None, "failed", ["0192-ab"]),
        (9, None, "running", ["0193-aa"]),
        (9, COMMAND, "running", []),
    ],
)
def test_runs_are_listed_newest_first_and_by_command_and_outcome(
    book: SqlRunBook,
    three_runs: None,
    limit: int,
    command: str | None,
    outcome: str | None,
    found: list[str],
) -> None:
    runs = book.runs(limit=limit, command=command, outcome=outcome)

    assert [run.start.run_id for run in runs] == found


@pytest.mark.parametrize("typed", ["0193", "0193-aa", "0192-ab"])
def test_a_run_is_found_by_a_unique_beginning(
    book: SqlRunBook, three_runs: None, typed: str
) -> None:
    assert book.run(typed).start.run_id.startswith(typed)


@pytest.mark.parametrize(("typed", "said"), [("0192", "several runs"), ("04", "no run 04")])
def test_a_beginning_of_several_runs_or_none_is_refused(
    book: SqlRunBook, three_runs: None, typed: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        book.run(typed)


@pytest.mark.parametrize("typed", ["0193%", "____-aa", "0193*"])
def test_no_character_of_a_run_s_id_is_a_wildcard(
    book: SqlRunBook, three_runs: None, typed: str
) -> None:
    with pytest.raises(Refused, match="no run"):
        book.run(typed)


def test_a_run_whose_id_begins_another_s_is_found_by_it(
    ledger: SqlLedger, book: SqlRunBook
) -> None:
    ledger.open(replace(start("0192-a"), slot=None))
    ledger.open(replace(start("0192-ab"), slot=None))

    assert book.run("0192-ab").start.run_id == "0192-ab"
    with pytest.raises(Refused, match="several"):
        book.run("0192-a")
