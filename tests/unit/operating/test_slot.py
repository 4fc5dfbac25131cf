"""Which firing a start stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.errors import Refused
from domain.operating.contract import CatchUp
from domain.operating.run import Trigger
from domain.operating.slot import (
    CLOCK_SKEW,
    MOST_MISSED,
    Firing,
    is_too_late,
    missed_between,
    slot_instant,
)
from fakes.operating import THREE
from fakes.stage import EveryMinutes

HALF_HOURLY = EveryMinutes(30)
JOB_AT_THREE = f"cr-010-sample-{int(THREE.timestamp()) // 60}"
MINUTE = timedelta(minutes=1)


def firing(
    *,
    trigger: Trigger = Trigger.SCHEDULE,
    at: datetime | None = None,
    job: str | None = None,
) -> Firing:
    return Firing(trigger=trigger, scheduled_at=at, scheduler_run_id=job)


# --- the instant --------------------------------------------------------------------------------


def test_the_instant_given_is_the_slot_in_utc() -> None:
    berlin = THREE.astimezone(timezone(timedelta(hours=1)))

    slot = slot_instant(firing(at=berlin), HALF_HOURLY, THREE + 7 * MINUTE)

    assert slot == THREE
    assert slot.tzinfo is UTC


def test_the_instant_given_wins_over_the_job_s_name() -> None:
    earlier = THREE - 30 * MINUTE

    assert slot_instant(firing(at=earlier, job=JOB_AT_THREE), None, THREE) == earlier


def test_a_kubernetes_job_carries_its_minute_in_its_name() -> None:
    assert slot_instant(firing(job=JOB_AT_THREE), None, THREE + 2 * MINUTE) == THREE


@pytest.mark.parametrize(
    "name", [None, "", "cr-010-sample", "cr-010-sample-manual-x7k2p", "0f" * 16, "sample-123"]
)
def test_a_name_without_a_minute_leaves_it_to_the_schedule(name: str | None) -> None:
    assert slot_instant(firing(job=name), HALF_HOURLY, THREE + 2 * MINUTE) == THREE


def test_an_instant_in_the_future_is_refused() -> None:
    with pytest.raises(Refused, match="2026-11-21T03:01:01Z lies in the future"):
        slot_instant(firing(at=THREE + CLOCK_SKEW + timedelta(seconds=1)), None, THREE)


def test_a_scheduler_s_clock_may_be_a_minute_ahead() -> None:
    ahead = THREE + CLOCK_SKEW

    assert slot_instant(firing(at=ahead), None, THREE) == ahead


@pytest.mark.parametrize(("late", "slot"), [(5 * MINUTE, THREE), (6 * MINUTE, None)])
def test_a_scheduled_start_takes_the_newest_firing_within_its_grace(
    late: timedelta, slot: datetime | None
) -> None:
    assert slot_instant(firing(), HALF_HOURLY, THREE + late) == slot


def test_a_start_by_hand_has_no_slot() -> None:
    by_hand = firing(trigger=Trigger.MANUAL)

    assert slot_instant(by_hand, HALF_HOURLY, THREE) is None


def test_a_start_without_a_declared_schedule_has_no_slot() -> None:
    assert slot_instant(firing(), None, THREE) is None


# --- too late -----------------------------------------------------------------------------------


def late_by(minutes: int, catch_up: CatchUp, newer: int = 0) -> bool:
    return is_too_late(
        THREE,
        THREE + minutes * MINUTE,
        start_grace=5 * MINUTE,
        catch_up=catch_up,
        newer_slots=newer,
    )


@pytest.mark.parametrize("catch_up", [CatchUp.none(), CatchUp.last(), CatchUp.all(3)])
def test_within_the_grace_nothing_is_late(catch_up: CatchUp) -> None:
    assert not late_by(5, catch_up, newer=9)


def test_after_the_grace_a_job_without_catch_up_is_late() -> None:
    assert late_by(6, CatchUp.none())


@pytest.mark.parametrize(("newer", "late"), [(0, False), (1, True)])
def test_catching_up_the_last_runs_only_the_newest_firing(newer: int, late: bool) -> None:
    assert late_by(6, CatchUp.last(), newer) is late


@pytest.mark.parametrize(("newer", "late"), [(2, False), (3, True), (4, True)])
def test_catching_up_all_runs_the_newest_few(newer: int, late: bool) -> None:
    assert late_by(6, CatchUp.all(3), newer) is late


# --- missed -------------------------------------------------------------------------------------


def test_firings_since_the_last_on_record_were_missed() -> None:
    until = THREE + 90 * MINUTE

    assert missed_between(HALF_HOURLY, THREE, until) == (THREE + 30 * MINUTE, THREE + 60 * MINUTE)


def test_a_job_that_never_ran_missed_nothing() -> None:
    assert missed_between(HALF_HOURLY, None, THREE) == ()


@pytest.mark.parametrize("last", [THREE, THREE + 30 * MINUTE])
def test_nothing_is_missed_before_the_last_on_record(last: datetime) -> None:
    assert missed_between(HALF_HOURLY, last, THREE) == ()


def test_the_newest_thousand_missed_firings_are_enough() -> None:
    missed = missed_between(EveryMinutes(1), THREE - timedelta(days=2), THREE)

    assert len(missed) == MOST_MISSED
    assert missed[-1] == THREE - MINUTE


def test_a_number_that_is_no_recent_minute_names_no_firing() -> None:
    by_date = Firing(
        trigger=Trigger.MANUAL, scheduled_at=None, scheduler_run_id="import-by-hand-20261121"
    )

    assert slot_instant(by_date, None, THREE) is None
