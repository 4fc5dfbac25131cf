"""What a start asks of the ledger stays cheap however many runs are on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing as at_the_end
from datetime import timedelta

import pytest

from domain.operating.run import Outcome
from fakes.operating import START, THREE
from infra.sql.connection import Database
from infra.sql.incident_reports import is_quiet
from infra.sql.instants import to_text
from infra.sql.job_states import SqlJobStates
from infra.sql.ledger import SqlLedger
from infra.sql.run_rows import run_values
from integration.ledger_rows import Processes, closing, record, start
from servers import database as new_database
from servers.access import Access

COMMAND, SCOPE = START.command, START.scope
RUNS, FEW = 3000, 60
NOW = THREE + timedelta(minutes=RUNS)

STEPS: dict[str, Callable[[Database, SqlLedger], object]] = {
    "skips_in_a_row": lambda _, ledger: ledger.skips_in_a_row(COMMAND, SCOPE),
    "newest_slot": lambda _, ledger: ledger.newest_slot(COMMAND, SCOPE),
    "slots_after": lambda _, ledger: ledger.slots_after(COMMAND, SCOPE, NOW),
    "reap": lambda _, ledger: ledger.reap(NOW),
    "open": lambda _, ledger: ledger.open(start("new", slot=NOW)),
    "is_quiet": lambda database, _: is_quiet(database, COMMAND, SCOPE, NOW),
    "job_states": lambda database, _: SqlJobStates(database).job_states(),
    "close": lambda _, ledger: ledger.close("last", closing(Outcome.SUCCEEDED)),
}


@pytest.fixture(scope="module")
def full() -> Iterator[str]:
    """A MariaDB with many runs, since it alone counts the rows that a session reads."""
    with new_database("mariadb") as url, Access(url) as access, at_the_end(Database(url)) as own:
        ledger = SqlLedger(own, Processes().alive)
        record(ledger, "first", Outcome.SUCCEEDED)
        rows = [_run(number) for number in range(RUNS)]
        names = ", ".join(rows[0])
        marks = ", ".join("?" for _ in rows[0])
        insert = f"INSERT INTO cron_run ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        access.many(insert, [tuple(row.values()) for row in rows])
        slots = [(COMMAND, SCOPE, row["slot"], row["run_id"], "succeeded") for row in rows]
        access.many("INSERT INTO cron_slot VALUES (?, ?, ?, ?, ?)", slots)
        ledger.open(start("last", slot=None, started_at=NOW))
        yield url


def _run(number: int) -> dict[str, object]:
    at = THREE + timedelta(minutes=number)
    ended = {"status": "closed", "outcome": "succeeded", "finished_at": to_text(at), "exit_code": 0}
    return run_values(start(f"run-{number}", slot=at, started_at=at)) | ended | {"attempts": 1}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_start_reads_few_rows(full: str, step: str) -> None:
    with at_the_end(Database(full)) as database:
        ledger = SqlLedger(database, Processes().alive)
        before = rows_read(database)

        STEPS[step](database, ledger)

        assert rows_read(database) - before < FEW


def rows_read(database: Database) -> int:
    rows = database.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
    return sum(int(row["Value"]) for row in rows)
