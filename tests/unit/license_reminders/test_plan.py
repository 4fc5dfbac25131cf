"""Which reminder of a licence is due, by its days and the ledger."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.jobs.license_reminders.offsets import due, offsets_of
from domain.jobs.license_reminders.plan import Reminder, Rule, last_day, reminder
from domain.jobs.license_reminders.ports import Entry, Status
from fakes.license_reminders import licence

TODAY = date(2026, 11, 21)
RULE = Rule(today=TODAY, offsets=(14, 7, 1), exact=False, try_again=timedelta(hours=1))


def planned(days: int, *entries: Entry, rule: Rule = RULE) -> Reminder | None:
    until = rule.today + timedelta(days=days)
    return reminder(licence(until=str(until)), until, entries, rule)


def entry(offset: int, status: Status, recipient: str = "") -> Entry:
    return Entry(
        offset=offset, status=status, recipient=recipient, attempts=1, age=timedelta(days=1)
    )


@pytest.mark.parametrize(
    ("remaining", "offset"),
    [(15, None), (14, 14), (13, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1)],
)
def test_the_most_urgent_offset_that_is_reached_is_due(remaining: int, offset: int | None) -> None:
    assert due(remaining, (14, 7, 1), exact=False) == offset


@pytest.mark.parametrize(("remaining", "offset"), [(14, 14), (13, None), (1, 1), (0, None)])
def test_by_the_legacy_rule_an_offset_is_due_on_its_day_only(
    remaining: int, offset: int | None
) -> None:
    assert due(remaining, (14, 7, 1), exact=True) == offset


def test_after_its_last_day_nothing_is_said_of_a_licence() -> None:
    assert planned(0) is not None
    assert planned(-1) is None


def test_a_missed_day_is_made_good_by_the_most_urgent_offset_and_the_greater_are_settled() -> None:
    found = planned(5)

    assert found is not None
    assert (found.offset, found.days, found.superseded) == (7, 5, (14,))


def test_greater_offsets_that_were_sent_are_left_as_they_are() -> None:
    found = planned(6, entry(14, Status.SENT))

    assert found is not None
    assert (found.offset, found.superseded) == (7, ())


def test_a_clock_set_back_brings_no_less_urgent_reminder_after_a_more_urgent_one() -> None:
    assert planned(9, entry(7, Status.SENT)) is None
    assert planned(9, entry(7, Status.SENDING)) is None


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (Status.SENT, False),
        (Status.SUPERSEDED, False),
        (Status.UNKNOWN, False),
        (Status.DEFERRED, True),
        (Status.SENDING, True),
        (Status.RESENDING, True),
    ],
)
def test_what_is_settled_is_done_and_the_rest_is_open(status: Status, *, is_open: bool) -> None:
    found = planned(7, entry(7, status))

    assert found is not None
    assert found.is_open is is_open


def test_a_refused_address_is_asked_again_only_when_it_changes() -> None:
    first = planned(7)
    assert first is not None
    same = planned(7, entry(7, Status.REFUSED, first.recipient))
    other = planned(7, entry(7, Status.REFUSED, "another digest"))

    assert same is not None
    assert not same.is_open
    assert other is not None
    assert other.is_open


def test_a_leap_day_and_the_end_of_a_month_are_days_like_others() -> None:
    rule = Rule(today=date(2028, 2, 22), offsets=(14, 7, 1), exact=True, try_again=timedelta())
    leap_day = date(2028, 2, 29)

    found = reminder(licence(until=str(leap_day)), leap_day, (), rule)

    assert found is not None
    assert found.offset == 7


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2028-02-29", date(2028, 2, 29)),
        ("2027-02-29", None),
        ("0000-00-00", None),
        ("21.11.2026", None),
        ("20261121", None),
        ("2026-W47-6", None),
        ("", None),
    ],
)
def test_only_what_is_a_day_is_taken_for_one(written: str, day: date | None) -> None:
    assert last_day(licence(until=written)) == day


@pytest.mark.parametrize("text", ["", "14;7", "-1", "7.5", "14,,1", "400", "²"])
def test_offsets_that_make_no_sense_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole numbers like 14,7,1|at most 366"):
        offsets_of(text)


def test_offsets_are_read_as_they_are_typed() -> None:
    assert offsets_of("30, 14,7,1,7") == (30, 14, 7, 1)
