"""Days of the shop, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.jobs.page_counters.rules import day_at, day_of, days

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Berlin", "2026-11-21", "2026-11-20T23:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),  # midnight was skipped
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("UTC", "2028-02-29", "2028-02-29T00:00", 24),
    ],
)
def test_a_day_begins_at_the_shop_s_midnight_and_is_as_long_as_its_clocks_say(
    zone: str, day: str, begins: str, hours: float
) -> None:
    found = day_of(date.fromisoformat(day), ZoneInfo(zone))

    assert found.begins == datetime.fromisoformat(f"{begins}+00:00")
    assert found.ends - found.begins == timedelta(hours=hours)


def test_days_follow_each_other_without_a_gap() -> None:
    found = list(days(date(2026, 10, 24), date(2026, 10, 26), BERLIN))

    assert [day.day.day for day in found] == [24, 25, 26]
    assert [day.ends for day in found[:2]] == [day.begins for day in found[1:]]
    assert all(day_at(day.begins, BERLIN) == day.day for day in found)


def test_where_an_hour_has_part_in_two_days_both_count_it_whole() -> None:
    found = day_of(date(2026, 11, 21), ZoneInfo("Asia/Kolkata"))  # 5:30 ahead of UTC

    assert found.first_hour == datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert found.behind_last_hour == datetime(2026, 11, 21, 19, tzinfo=UTC)
