"""Firing instants, held against a scan of every minute that knows nothing of the library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from infra.schedules import LOOK_BACK, DeclaredSchedule

MINUTE = timedelta(minutes=1)
MOST = 10_000
BERLIN = "Europe/Berlin"
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
"""02:00 becomes 03:00, and 03:00 becomes 02:00 once more."""


def declared(cron: str, zone: str = "UTC") -> DeclaredSchedule:
    return DeclaredSchedule(
        schedule_id="cr-010-sample",
        command="cron:sample:work",
        arguments=(),
        cron=cron,
        zone=zone,
        start_grace=5 * MINUTE,
        suspended=False,
    )


# --- the scan -----------------------------------------------------------------------------------


@cache
def numbers(field: str, low: int, high: int) -> frozenset[int]:
    """Read one field of a cron expression: stars, numbers, ranges, lists and steps."""
    found = set[int]()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = high if span == "*" else int(last or first)
        found |= set(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def fires(cron: str, at: datetime) -> bool:
    """Tell whether the expression names this minute of the clock on the wall."""
    minute, hour, day, month, weekday = cron.split()
    if at.minute not in numbers(minute, 0, 59):
        return False
    by_day = at.day in numbers(day, 1, 31)
    by_weekday = not numbers(weekday, 0, 7).isdisjoint({at.isoweekday(), at.isoweekday() % 7})
    both_stars = day.startswith("*") or weekday.startswith("*")
    return (
        at.hour in numbers(hour, 0, 23)
        and at.month in numbers(month, 1, 12)
        and (by_day and by_weekday if both_stars else by_day or by_weekday)
    )


def scan(cron: str, begin: datetime, end: datetime, zone: str = "UTC") -> list[datetime]:
    """Look at every minute from ``begin`` up to ``end``.

    As Debian's cron has it: a job of fixed times runs once where an hour comes twice, and right
    after the gap where an hour is left out; a job with a star follows the clock as it is.
    """
    place = ZoneInfo(zone)
    minute, hour = cron.split()[:2]
    if zone == "UTC" or minute.startswith("*") or hour.startswith("*"):
        count = (end - begin) // MINUTE
        instants = (begin + n * MINUTE for n in range(count + 1))
        return [at for at in instants if fires(cron, at.astimezone(place))]
    wall = begin.astimezone(place).replace(tzinfo=None)
    walls = (wall + n * MINUTE for n in range((end - begin) // MINUTE + 180))
    found = {_after_gap(at, place) for at in walls if fires(cron, at)}
    return sorted(at for at in found if begin <= at <= end)


def _after_gap(wall: datetime, place: ZoneInfo) -> datetime:
    while True:
        instant = wall.replace(tzinfo=place).astimezone(UTC)
        if instant.astimezone(place).replace(tzinfo=None) == wall:
            return instant
        wall += MINUTE


# --- expressions --------------------------------------------------------------------------------


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    pair = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    return st.one_of(
        st.just("*"),
        number,
        st.lists(number, min_size=2, max_size=4).map(",".join),
        pair.map(lambda span: f"{span[0]}-{span[1]}"),
        st.integers(2, 20).map(lambda step: f"*/{step}"),
    )


EXPRESSIONS = st.tuples(
    field(0, 59), field(0, 23), st.one_of(st.just("*"), field(1, 31)), st.just("*"), field(0, 7)
).map(" ".join)
NIGHTLY = st.tuples(
    st.sampled_from(["0", "15", "30", "45", "0,30", "10-20", "*", "*/20"]),
    st.sampled_from(["2", "1", "3", "1,2", "2,3", "0-4", "*", "*/2"]),
).map(lambda fields: f"{fields[0]} {fields[1]} * * *")
AROUND = st.integers(-100, 100).map(lambda minutes: timedelta(minutes=minutes))
SECONDS = st.integers(0, 2 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
END = BEGIN + timedelta(days=3)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, SECONDS, SECONDS)
def test_firings_between_two_instants_are_those_of_the_scan(
    cron: str, first: timedelta, second: timedelta
) -> None:
    after, before = sorted((BEGIN + first, BEGIN + second))

    found = declared(cron).between(after, before, MOST)

    assert list(found) == [at for at in scan(cron, BEGIN, END) if after < at < before]


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, SECONDS)
def test_the_newest_firing_is_that_of_the_scan(cron: str, later: timedelta) -> None:
    now = BEGIN + timedelta(days=1) + later
    past = [at for at in scan(cron, BEGIN, END) if at <= now]
    assume(past)

    assert declared(cron).newest(now) == past[-1]


@settings(max_examples=200, deadline=None)
@given(NIGHTLY, AROUND, AROUND, st.sampled_from([SPRING, AUTUMN]))
@example("30 2 * * *", 15 * MINUTE, 100 * MINUTE, AUTUMN)  # 02:15 for the second time
def test_firings_of_the_night_the_clock_changes_are_those_of_the_scan(
    cron: str, first: timedelta, second: timedelta, night: datetime
) -> None:
    begin, end = night - timedelta(days=2), night + timedelta(days=2)
    after, before = sorted((night + first, night + second))
    every = scan(cron, begin, end, BERLIN)

    found = declared(cron, BERLIN).between(after, before, MOST)

    assert list(found) == [at for at in every if after < at < before]


@settings(max_examples=300, deadline=None)
@given(NIGHTLY, AROUND, st.sampled_from([SPRING, AUTUMN]))
@example("30 2 * * *", 15 * MINUTE, AUTUMN)  # 02:15 for the second time: it ran an hour ago
def test_the_newest_firing_of_that_night_is_that_of_the_scan(
    cron: str, later: timedelta, night: datetime
) -> None:
    now = night + later
    past = [at for at in scan(cron, night - timedelta(days=2), now, BERLIN) if at <= now]

    assert declared(cron, BERLIN).newest(now) == past[-1]


# --- the nights by name -------------------------------------------------------------------------


def firings(cron: str, night: datetime) -> list[str]:
    """List the firings of the six hours around the change, in UTC."""
    span = timedelta(hours=3)
    found = declared(cron, BERLIN).between(night - span, night + span, MOST)
    return [f"{at:%H:%M}" for at in found]


def test_half_past_two_runs_once_at_three_when_that_hour_is_left_out() -> None:
    assert firings("30 2 * * *", SPRING) == ["01:00"]


def test_half_past_two_runs_once_when_that_hour_comes_twice() -> None:
    assert firings("30 2 * * *", AUTUMN) == ["00:30"]


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
def test_an_hourly_job_runs_every_real_hour(night: datetime) -> None:
    hours = [f"{(night - timedelta(hours=2) + n * 60 * MINUTE):%H}:15" for n in range(-1, 5)]

    assert firings("15 * * * *", night) == hours


def test_only_the_newest_few_are_given_in_order() -> None:
    cadence = declared("*/10 * * * *")

    newest = cadence.between(BEGIN, BEGIN + timedelta(hours=5), 2)

    assert [f"{at:%H:%M}" for at in newest] == ["04:40", "04:50"]


def test_firings_are_not_counted_further_back_than_a_month() -> None:
    old = BEGIN - timedelta(days=400)

    found = declared("0 3 * * *").between(old, BEGIN, MOST)

    assert len(found) == LOOK_BACK.days


@pytest.mark.parametrize(
    ("cron", "minutes"), [("7,37 * * * *", 30), ("*/5 * * * *", 5), ("0,10 * * * *", 10)]
)
def test_the_shortest_period_is_the_closest_two(cron: str, minutes: int) -> None:
    assert declared(cron).shortest_period == minutes * MINUTE


@pytest.mark.parametrize(
    ("cron", "zone", "hours"),
    [
        ("7,37 * * * *", "UTC", 0.5),
        ("0 * * * *", BERLIN, 2),
        ("*/5 8-18 * * *", "UTC", 13 + 5 / 60),
        ("0 3 * * *", "UTC", 24),
        ("0 3 * * 1-5", "UTC", 72),
        ("30 9,17 1 * *", "UTC", 31 * 24 - 8),
        ("0 0 1 1 *", "UTC", 366 * 24),
    ],
)
def test_the_longest_time_between_two_firings_is_known(cron: str, zone: str, hours: float) -> None:
    assert declared(cron, zone).longest_period_seconds == hours * 3600


@settings(max_examples=30, deadline=None)
@given(instants=st.integers(0, 10_000), cron=st.sampled_from(["7,37 * * * *", "*/5 8-18 * * 1-5"]))
def test_the_next_firing_is_the_first_that_follows(instants: int, cron: str) -> None:
    at = SPRING + instants * MINUTE

    following = declared(cron).next(at)

    assert fires(cron, following)
    assert not any(fires(cron, at + n * MINUTE) for n in range(1, (following - at) // MINUTE))
