"""Licences and the ledger of reminders on each real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from domain.jobs.license_reminders.ports import Claim, Status
from fakes.supplier_import import FakeRun
from infra.sql.connection import Database
from infra.sql.reminder_book import SqlReminderBook
from integration.ledger_rows import opened_database
from servers import KINDS

FIRST, LAST = date(2026, 11, 21), date(2026, 12, 5)
RUN = FakeRun()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def book(database: Database) -> SqlReminderBook:
    return SqlReminderBook(database)


def claim(offset: int = 7, *superseded: int) -> Claim:
    return Claim(
        license_id=1,
        valid_until=LAST,
        offset=offset,
        recipient="a" * 64,
        message_id=f"<license-1.{offset}@shop.example>",
        superseded=superseded,
    )


def rows(database: Database) -> list[tuple[Any, ...]]:
    found = database.rows(
        "SELECT offset_days, status, attempts, error, sent_at IS NULL AS unsent"
        " FROM license_notification ORDER BY offset_days"
    )
    return [(*list(dict(row).values())[:4], bool(row["unsent"])) for row in found]


def test_licences_come_with_their_customers_and_only_those_that_end_by_then(
    database: Database, book: SqlReminderBook
) -> None:
    database.execute(
        "INSERT INTO customer (customer_id, email, name, language, active) VALUES"
        " (1, 'ann@shop.example', 'Ann', 'de', :yes), (2, NULL, NULL, NULL, :no)",
        yes=True,
        no=False,
    )
    ends = ("2026-11-20", "2026-11-21", "2026-12-05", "2026-12-06", None, "5.12.2026", "2026-11-22")
    for number, (customer, until) in enumerate(zip((1, 1, 2, 1, 1, 9, 1), ends, strict=True), 1):
        database.execute(
            "INSERT INTO minishop_license (license_id, customer_id, valid_until, status)"
            " VALUES (:number, :customer, :until, :status)",
            number=number,
            customer=customer,
            until=until,
            status="cancelled" if number == 7 else "active",
        )

    found = book.ending(FIRST, LAST, ("active", "trial"))

    told = [(it.license_id, it.known, it.active, it.email) for it in found]
    assert sorted(told) == [
        (2, True, True, "ann@shop.example"),
        (3, True, False, ""),
        (6, False, False, ""),
    ]


def test_a_reminder_is_begun_and_settled_and_greater_ones_are_superseded(
    database: Database, book: SqlReminderBook
) -> None:
    book.claim(claim(14), Status.SENDING, RUN)
    book.settle(claim(14), Status.DEFERRED, RUN, "451 later")
    book.claim(claim(7, 14, 30), Status.SENDING, RUN)
    begun = rows(database)

    book.settle(claim(7), Status.SENT, RUN)

    assert begun == [
        (7, "SENDING", 1, "", True),
        (14, "SUPERSEDED", 1, "451 later", True),
        (30, "SUPERSEDED", 0, "", True),
    ]
    assert rows(database)[0] == (7, "SENT", 1, "", False)


def test_what_was_sent_is_never_superseded(database: Database, book: SqlReminderBook) -> None:
    book.claim(claim(14), Status.SENDING, RUN)
    book.settle(claim(14), Status.SENT, RUN)

    book.claim(claim(7, 14), Status.SENDING, RUN)

    assert [row[1] for row in rows(database)] == ["SENDING", "SENT"]


def test_the_ledger_tells_how_long_ago_a_reminder_was_begun(
    database: Database, book: SqlReminderBook
) -> None:
    book.claim(claim(), Status.SENDING, RUN)
    database.execute("UPDATE license_notification SET claimed_at = claimed_at - 3600000000")

    found = book.entries(FIRST, LAST)

    (entry,) = found[1, "2026-12-05"]
    assert (entry.offset, entry.status, entry.attempts) == (7, Status.SENDING, 1)
    assert timedelta(hours=1) <= entry.age < timedelta(hours=2)
    assert book.entries(FIRST, FIRST) == {}


def test_a_reminder_that_another_run_began_since_is_left_to_it(
    database: Database, book: SqlReminderBook
) -> None:
    book.claim(claim(), Status.SENDING, RUN)
    book.claim(claim(), Status.RESENDING, FakeRun(run_id="a later run"))

    book.settle(claim(), Status.DEFERRED, RUN, "too late")

    assert rows(database) == [(7, "RESENDING", 2, "", True)]
