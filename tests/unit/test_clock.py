"""Ids grow with time, and time has a zone."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import time_machine
from hypothesis import given
from hypothesis import strategies as st

from infra.clock import SystemClock, SystemEntropy

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


@time_machine.travel(NOON, tick=False)
def test_now_is_an_aware_instant_in_utc() -> None:
    assert SystemClock().now() == NOON
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_the_monotonic_clock_does_not_step_back() -> None:
    clock = SystemClock()

    assert clock.monotonic() <= clock.monotonic()


def test_an_id_is_a_uuid_of_version_seven_that_tells_its_millisecond() -> None:
    made = uuid.UUID(SystemEntropy(lambda: NOON_MS).uuid7())

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == NOON_MS


def test_the_example_of_the_standard_has_its_bits_where_ours_are() -> None:
    example = uuid.UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")  # RFC 9562, appendix A.6
    ours = uuid.UUID(SystemEntropy(lambda: 0x017F22E279B0).uuid7())

    assert ours.int >> 76 == example.int >> 76
    assert ours.int >> 62 & 0b11 == example.int >> 62 & 0b11


@given(st.lists(st.integers(min_value=0, max_value=2**47), min_size=2, max_size=50))
def test_ids_of_one_process_grow_however_its_clock_steps(milliseconds: list[int]) -> None:
    steps = iter(milliseconds)
    entropy = SystemEntropy(lambda: next(steps))
    ids = [entropy.uuid7() for _ in milliseconds]

    assert ids == sorted(set(ids))
    assert {uuid.UUID(made).version for made in ids} == {7}


def test_two_processes_that_start_in_the_same_millisecond_have_different_ids() -> None:
    assert len({SystemEntropy(lambda: NOON_MS).uuid7() for _ in range(1000)}) == 1000


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_an_even_draw_stays_between_its_ends(low: float, span: float) -> None:
    assert low <= SystemEntropy().uniform(low, low + span) <= low + span


def test_even_draws_fill_the_whole_span() -> None:
    entropy = SystemEntropy()
    drawn = [entropy.uniform(0, 10) for _ in range(2000)]

    assert {int(value) for value in drawn} == set(range(10))
