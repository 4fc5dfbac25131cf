"""Pauses that end by themselves or by hand, and the audit of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.operating.ports import Pause
from fakes.operating import CONTRACT, THREE
from infra.sql.connection import Database
from infra.sql.ledger import ANY_COMMAND, SqlLedger
from infra.sql.pauses import SqlAudit, SqlPauses
from integration.ledger_rows import Processes, opened_database
from servers import KINDS

COMMAND = CONTRACT.name
HOUR = timedelta(hours=1)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def pauses(database: Database) -> SqlPauses:
    return SqlPauses(database)


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, Processes().alive)


def pause(
    command: str = COMMAND, *, reason: str = "stocktaking", hours: int | None = None
) -> Pause:
    until = THREE + hours * HOUR if hours is not None else None
    return Pause(command=command, actor="ann", reason=reason, since=THREE, until=until)


def audit(database: Database) -> list[tuple[str, str, str, str]]:
    rows = database.rows("SELECT * FROM cron_audit ORDER BY audit_id")
    return [(row["actor"], row["verb"], row["object"], row["reason"]) for row in rows]


def test_a_pause_is_kept_whole(pauses: SqlPauses, ledger: SqlLedger) -> None:
    pauses.pause(pause(hours=2))

    assert pauses.all() == [pause(hours=2)]
    assert ledger.pause_of(COMMAND, THREE) == pause(hours=2)


@pytest.mark.parametrize(("hours", "stops"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_pause_ends_at_its_time(
    pauses: SqlPauses, ledger: SqlLedger, hours: int, stops: bool
) -> None:
    pauses.pause(pause(hours=2))

    assert (ledger.pause_of(COMMAND, THREE + hours * HOUR) is not None) is stops


def test_a_pause_without_an_end_lasts(pauses: SqlPauses, ledger: SqlLedger) -> None:
    pauses.pause(pause())

    assert ledger.pause_of(COMMAND, THREE + 10_000 * HOUR) == pause()


def test_a_pause_stops_its_own_job_only(pauses: SqlPauses, ledger: SqlLedger) -> None:
    pauses.pause(pause())

    assert ledger.pause_of("cron:sample:other", THREE) is None


def test_a_pause_of_all_stops_every_job(pauses: SqlPauses, ledger: SqlLedger) -> None:
    pauses.pause(pause(ANY_COMMAND))

    assert ledger.pause_of(COMMAND, THREE) == pause(ANY_COMMAND)


def test_a_second_pause_replaces_the_first_and_both_are_in_the_audit(
    pauses: SqlPauses, database: Database
) -> None:
    pauses.pause(pause(hours=2))
    pauses.pause(pause(reason="longer"))

    assert pauses.all() == [pause(reason="longer")]
    assert audit(database) == [
        ("ann", "jobs:pause", COMMAND, "stocktaking"),
        ("ann", "jobs:pause", COMMAND, "longer"),
    ]


def test_a_resumed_job_runs_and_who_resumed_it_is_in_the_audit(
    pauses: SqlPauses, ledger: SqlLedger, database: Database
) -> None:
    pauses.pause(pause())

    assert pauses.resume(COMMAND, actor="ben", reason="done", now=THREE + HOUR)

    assert ledger.pause_of(COMMAND, THREE + HOUR) is None
    assert audit(database)[-1] == ("ben", "jobs:resume", COMMAND, "done")


def test_resuming_what_is_not_paused_changes_nothing(pauses: SqlPauses, database: Database) -> None:
    assert not pauses.resume(COMMAND, actor="ben", reason="done", now=THREE)
    assert audit(database) == []


def test_other_verbs_leave_their_own_audit_row(database: Database) -> None:
    note = {"actor": "ann", "verb": "lock:break", "target": "a.key", "reason": "host is gone"}

    SqlAudit(database).note(**note, at=THREE)

    assert audit(database) == [("ann", "lock:break", "a.key", "host is gone")]
