"""Each reminder once: what is written before and after each mail, and what stops no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import StopRequested
from domain.jobs.license_reminders.request import ReminderRequest
from domain.jobs.license_reminders.sending import PATIENCE
from domain.jobs.license_reminders.service import Habits, LicenseReminders
from domain.mail.failures import (
    DeliveryUnknown,
    MailDeferred,
    MailServerAway,
    MailServerRefused,
    RecipientRefused,
)
from domain.operating.run import Outcome, Summary
from fakes.license_reminders import MemoryLedger, MemoryMailer, PlainLetters, licence
from fakes.supplier_import import FakeRun, FixedClock

HOUR = timedelta(hours=1)
HABITS = Habits(
    offsets=(14, 7, 1), statuses=("active",), try_again=HOUR, zone=ZoneInfo("Europe/Berlin")
)


class Shop:
    """Two licences that end in fourteen days, and a server that takes everything."""

    def __init__(self) -> None:
        self.book = MemoryLedger([licence(1), licence(2)])
        self.mailer, self.run, self.clock = MemoryMailer(), FakeRun(), FixedClock()

    def reminds(self, **asked: object) -> Summary:
        service = LicenseReminders(self.book, self.mailer, PlainLetters(), HABITS, self.clock)
        return service(ReminderRequest(**asked), self.run)  # type: ignore[arg-type]  # as each test says

    def sent(self) -> list[str]:
        return [mail.key for mail in self.mailer.sent]


BOTH = ["license-1.2026-12-05.14", "license-2.2026-12-05.14"]


def test_every_customer_is_told_once_over_one_connection() -> None:
    shop = Shop()

    first, second = shop.reminds(), shop.reminds()

    assert (first.outcome, second.outcome) == (Outcome.SUCCEEDED, Outcome.EMPTY)
    assert shop.sent() == BOTH
    assert shop.book.statuses() == {(1, 14): "SENT", (2, 14): "SENT"}
    assert shop.mailer.connected == 1


def test_two_licences_of_one_customer_are_two_mails() -> None:
    shop = Shop()
    shop.book.licences[1] = licence(2, customer_id=1, email="c1@shop.example")

    shop.reminds()

    assert [mail.to for mail in shop.mailer.sent] == ["c1@shop.example"] * 2


def test_a_renewed_licence_begins_again() -> None:
    shop = Shop()
    shop.reminds()
    shop.book.licences = [licence(1, "2027-12-05")]

    shop.reminds(date=date(2027, 11, 21))

    assert shop.sent()[-1] == "license-1.2027-12-05.14"


def test_a_dry_run_says_who_would_be_told_and_asks_no_server() -> None:
    shop = Shop()
    shop.run.dry_run = True

    told = shop.reminds()

    assert [unit.message for unit in told.units] == [
        "would go to c1@shop.example: 1 ends in 14 days",
        "would go to c2@shop.example: 2 ends in 14 days",
    ]
    assert (shop.mailer.connected, shop.book.rows) == (0, {})


def test_a_refused_recipient_is_recorded_and_the_rest_go_on() -> None:
    shop = Shop()
    shop.mailer.faults["c1@shop.example"] = RecipientRefused("550 unknown")

    first, second = shop.reminds(), shop.reminds()

    assert (first.outcome, second.outcome) == (Outcome.PARTIAL, Outcome.EMPTY)
    assert shop.sent() == BOTH[1:]
    assert shop.book.statuses() == {(1, 14): "REFUSED", (2, 14): "SENT"}


@pytest.mark.parametrize(
    "changes", [{"email": ""}, {"email": "no address"}, {"known": False, "active": False}]
)
def test_who_cannot_be_written_to_is_told_once_until_the_address_is_mended(
    changes: dict[str, object],
) -> None:
    shop = Shop()
    email = {"email": ""} if "known" in changes else {}
    shop.book.licences[0] = replace(licence(1), **changes, **email)  # type: ignore[arg-type]  # as above
    outcomes = [shop.reminds().outcome for _ in range(2)]
    shop.book.licences[0] = licence(1, email="mended@shop.example")

    shop.reminds()

    assert outcomes == [Outcome.PARTIAL, Outcome.EMPTY]
    assert [mail.to for mail in shop.mailer.sent] == ["c2@shop.example", "mended@shop.example"]


def test_inactive_customers_are_left_out_and_counted() -> None:
    shop = Shop()
    shop.book.licences[0] = licence(1, active=False)

    told = shop.reminds()

    assert shop.sent() == BOTH[1:]
    assert told.notes == ("1 licences of inactive customers were left out",)


def test_a_last_day_that_is_none_is_told_and_stops_no_other() -> None:
    shop = Shop()
    shop.book.licences[0] = licence(1, "2026-02-30")

    told = shop.reminds()

    assert shop.sent() == BOTH[1:]
    assert "licence 1: '2026-02-30' is no day" in told.notes[0]


def test_a_template_that_cannot_be_filled_in_leaves_no_reminder_begun() -> None:
    shop = Shop()
    shop.book.licences[0] = licence(1, name="broken")

    assert shop.reminds().outcome is Outcome.PARTIAL
    assert shop.book.statuses() == {(2, 14): "SENT"}


@pytest.mark.parametrize("fault", [MailServerAway("gone"), MailServerRefused("no login")])
def test_without_a_server_nothing_is_begun(fault: Exception) -> None:
    shop = Shop()
    shop.mailer.faults[""] = fault

    with pytest.raises(type(fault)):
        shop.reminds()

    assert shop.book.rows == {}


@pytest.mark.parametrize("fault", [MailServerAway("gone"), MailServerRefused("sender?")])
def test_a_server_that_goes_between_two_mails_ends_the_run_and_the_next_goes_on(
    fault: Exception,
) -> None:
    shop = Shop()
    shop.mailer.faults["c2@shop.example"] = fault
    with pytest.raises(type(fault)):
        shop.reminds()
    assert shop.book.statuses() == {(1, 14): "SENT", (2, 14): "DEFERRED"}
    shop.mailer.faults.clear()

    shop.reminds()

    assert shop.sent() == BOTH


def test_a_mail_of_which_nobody_knows_is_sent_once_more_after_an_hour() -> None:
    shop = Shop()
    shop.mailer.faults["c1@shop.example"] = DeliveryUnknown("cut")
    lost = shop.reminds()
    shop.mailer.faults.clear()

    at_once = shop.reminds()
    shop.book.pass_time(HOUR)
    later = shop.reminds()

    assert "Message-ID <license-1.2026-12-05.14@shop.example>" in lost.failures
    assert [unit.result.value for unit in at_once.units] == ["skipped"]
    assert later.outcome is Outcome.SUCCEEDED
    assert shop.sent() == BOTH[::-1]


def test_what_was_left_open_twice_is_given_up_and_named() -> None:
    shop = Shop()
    shop.mailer.faults["c1@shop.example"] = DeliveryUnknown("cut")
    for _ in range(2):
        shop.reminds()
        shop.book.pass_time(HOUR)
    shop.mailer.faults.clear()

    third, fourth = shop.reminds(), shop.reminds()

    assert "look for <license-1.2026-12-05.14@shop.example>" in third.failures
    assert fourth.outcome is Outcome.EMPTY
    assert (shop.sent(), shop.book.statuses()[1, 14]) == (BOTH[1:], "UNKNOWN")


def test_a_server_that_asks_to_come_later_is_asked_by_the_next_run() -> None:
    shop = Shop()
    shop.mailer.faults["c1@shop.example"] = MailDeferred("451 greylisted")

    results = [shop.reminds() for _ in range(PATIENCE)]

    assert [told.outcome for told in results[1:]] == [
        *[Outcome.EMPTY] * (PATIENCE - 2),
        Outcome.FAILED,
    ]
    shop.mailer.faults.clear()
    shop.reminds()
    assert shop.sent() == BOTH[::-1]


@pytest.mark.parametrize(("at", "status"), [("claimed", "DEFERRED"), ("handed over", "SENT")])
def test_asked_to_stop_a_run_leaves_no_reminder_open(at: str, status: str) -> None:
    shop = Shop()
    shop.run.stop_at = at

    with pytest.raises(StopRequested):
        shop.reminds()

    assert shop.book.statuses() == {(1, 14): status}


@pytest.mark.parametrize(
    ("now", "until", "days"),
    [
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "2026-03-30", 1),  # 00:30 of the 29th, a
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "2026-03-30", 1),  # day of 23 hours
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), "2026-10-26", 1),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "2026-10-26", 1),  # a day of 25 hours
        (datetime(2028, 2, 28, 23, 30, tzinfo=UTC), "2028-02-29", 0),
    ],
)
def test_days_are_those_of_the_shop_also_when_the_clocks_change(
    now: datetime, until: str, days: int
) -> None:
    shop = Shop()
    shop.clock.at, shop.book.licences = now, [licence(1, until)]

    shop.reminds()

    assert [mail.subject for mail in shop.mailer.sent] == [f"1 ends in {days} days"]


def test_other_offsets_and_another_day_can_be_asked_for() -> None:
    shop = Shop()

    shop.reminds(offsets=(30, 3), date=date(2026, 11, 6), exact=False)

    assert shop.sent() == [key.replace(".14", ".30") for key in BOTH]


def test_by_the_exact_rule_a_missed_day_stays_missed() -> None:
    shop = Shop()

    assert shop.reminds(date=date(2026, 11, 22), exact=True).outcome is Outcome.EMPTY
    assert shop.reminds(date=date(2026, 11, 28), exact=True).outcome is Outcome.SUCCEEDED
    assert shop.book.statuses() == {(1, 7): "SENT", (2, 7): "SENT"}
