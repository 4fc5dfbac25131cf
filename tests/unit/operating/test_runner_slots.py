"""Pauses, duplicates, late and missed firings, and a lock that is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.operating.contract import CatchUp, Overlap
from domain.operating.ports import Pause
from domain.operating.run import Outcome, Trigger
from fakes.operating import CONTRACT, DONE, LOCK, START, THREE, died
from fakes.stage import EveryMinutes, Stage

MINUTE = timedelta(minutes=1)


def paused(command: str = CONTRACT.name, *, minutes: int | None = None) -> Pause:
    until = THREE + minutes * MINUTE if minutes is not None else None
    return Pause(command=command, actor="ann", reason="stocktaking", since=THREE, until=until)


# --- switch and pause ---------------------------------------------------------------------------


def test_with_the_switch_off_no_job_runs() -> None:
    stage = Stage(switched_on=False)

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SKIPPED_PAUSED
    assert ending.verdict.message == "the switch cron.running is off"
    assert "acquire" not in stage.journal


@pytest.mark.parametrize("command", [CONTRACT.name, "*"])
def test_a_paused_job_says_who_paused_it_and_why(command: str) -> None:
    stage = Stage()
    stage.ledger.pauses = [paused(command)]

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SKIPPED_PAUSED
    assert ending.verdict.message == "paused by ann: stocktaking"
    assert stage.ledger.closings["run-1"].verdict.outcome is Outcome.SKIPPED_PAUSED


def test_a_pause_with_an_end_says_when() -> None:
    stage = Stage()
    stage.ledger.pauses = [paused(minutes=90)]

    assert "until 2026-11-21 04:30 UTC" in stage.run(DONE).verdict.message


def test_a_pause_that_is_over_stops_nothing() -> None:
    stage = Stage()
    stage.ledger.pauses = [paused(minutes=0)]

    assert stage.run(DONE).verdict.outcome is Outcome.SUCCEEDED


# --- duplicates ---------------------------------------------------------------------------------


def test_a_settled_slot_is_not_run_twice_and_its_run_is_named() -> None:
    stage = Stage()
    stage.settle(Outcome.SUCCEEDED)

    ending = stage.run(DONE)

    assert ending.verdict.message == "slot succeeded by run run-0"
    assert stage.ledger.closings["run-1"].holder_run_id == "run-0"
    assert "acquire" not in stage.journal


def test_a_slot_under_way_is_not_run_twice() -> None:
    stage = Stage()
    stage.ledger.slots[THREE] = "run-0"

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SKIPPED_DUPLICATE
    assert ending.verdict.message == "slot running by run run-0"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INTERRUPTED, Outcome.SKIPPED_LOCKED])
def test_a_slot_that_came_to_nothing_may_be_run_again(outcome: Outcome) -> None:
    stage = Stage()
    stage.settle(outcome)

    assert stage.run(DONE).verdict.outcome is Outcome.SUCCEEDED


def test_a_settled_slot_runs_again_on_demand() -> None:
    stage = Stage()
    stage.settle(Outcome.SUCCEEDED)

    ending = stage.run(DONE, again=True, reason="wrong feed")

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.ledger.slots[THREE] == "run-1"


def test_a_run_by_hand_has_no_slot_to_be_a_duplicate_of() -> None:
    stage = Stage()
    stage.settle(Outcome.SUCCEEDED)

    ending = stage.run(DONE, slot=None, trigger=Trigger.MANUAL)

    assert ending.verdict.outcome is Outcome.SUCCEEDED


def test_a_duplicate_of_a_paused_job_is_a_duplicate() -> None:
    stage = Stage(switched_on=False)
    stage.settle(Outcome.SUCCEEDED)

    assert stage.run(DONE).verdict.outcome is Outcome.SKIPPED_DUPLICATE


# --- late and missed ----------------------------------------------------------------------------


def late_stage(catch_up: CatchUp, *, every: int | None = None) -> Stage:
    """A stage for a start half an hour after its firing."""
    stage = Stage(
        contract=replace(CONTRACT, catch_up=catch_up),
        schedule=EveryMinutes(every) if every else None,
    )
    stage.clock.advance(30 * 60)
    return stage


def outcome_of(stage: Stage) -> Outcome:
    return stage.run(DONE, started_at=THREE + 30 * MINUTE).verdict.outcome


def test_a_late_start_is_skipped_without_catch_up() -> None:
    stage = late_stage(CatchUp.none())

    assert outcome_of(stage) is Outcome.SKIPPED_LATE
    assert "acquire" not in stage.journal
    assert "start grace" in stage.ledger.closings["run-1"].verdict.message


def test_the_newest_firing_is_caught_up() -> None:
    assert outcome_of(late_stage(CatchUp.last())) is Outcome.SUCCEEDED
    assert outcome_of(late_stage(CatchUp.last(), every=60)) is Outcome.SUCCEEDED


def test_an_older_firing_is_not_caught_up_once_a_newer_one_was_due() -> None:
    assert outcome_of(late_stage(CatchUp.last(), every=30)) is Outcome.SKIPPED_LATE


def test_an_older_firing_is_not_caught_up_once_a_newer_one_is_on_record() -> None:
    stage = late_stage(CatchUp.last())
    stage.settle(Outcome.SUCCEEDED, slot=THREE + 20 * MINUTE)

    assert outcome_of(stage) is Outcome.SKIPPED_LATE


@pytest.mark.parametrize(("most", "outcome"), [(3, Outcome.SKIPPED_LATE), (4, Outcome.SUCCEEDED)])
def test_all_catches_up_the_newest_few(most: int, outcome: Outcome) -> None:
    assert outcome_of(late_stage(CatchUp.all(most), every=10)) is outcome  # 3 more were due since


def test_firings_that_nobody_started_are_noted_once() -> None:
    stage = Stage(schedule=EveryMinutes(30))
    stage.settle(Outcome.SUCCEEDED, slot=THREE - 90 * MINUTE)

    stage.run(DONE)

    assert stage.ledger.missed == [THREE - 60 * MINUTE, THREE - 30 * MINUTE]
    assert stage.log.fields_of("slot.missed")["count"] == 2


def test_the_first_firing_ever_has_missed_nothing() -> None:
    stage = Stage(schedule=EveryMinutes(30))

    stage.run(DONE)

    assert "slot.missed" not in stage.log.events()


def test_a_second_start_of_a_slot_notes_nothing_again() -> None:
    stage = Stage(schedule=EveryMinutes(30))
    stage.settle(Outcome.FAILED)

    stage.run(DONE)

    assert "slot.missed" not in stage.log.events()


def test_a_run_that_was_killed_before_is_said() -> None:
    stage = Stage()
    stage.ledger.dead = [replace(START, run_id="run-0")]

    stage.run(DONE)

    assert stage.log.fields_of("run.reaped")["reaped_run_id"] == "run-0"


# --- overlap ------------------------------------------------------------------------------------


def test_a_held_lock_is_skipped_and_its_holder_named() -> None:
    stage = Stage()
    stage.locks.keep_busy(since=THREE - 42 * timedelta(seconds=1))

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SKIPPED_LOCKED
    assert ending.verdict.message == f"{LOCK} is held by run run-0 for 42 s"
    assert stage.ledger.closings["run-1"].holder_run_id == "run-0"
    assert stage.locks.asked == 1
    assert LOCK in stage.locks.holders


def test_a_store_that_cannot_tell_since_when_is_not_asked() -> None:
    stage = Stage()
    stage.locks.keep_busy(since=None)

    assert stage.run(DONE).verdict.message == f"{LOCK} is held by run run-0"


@pytest.mark.parametrize(("skips", "outcome"), [(1, Outcome.SKIPPED_LOCKED), (2, Outcome.STARVED)])
def test_the_declared_streak_of_skips_is_starved(skips: int, outcome: Outcome) -> None:
    stage = Stage()
    stage.locks.keep_busy()
    stage.ledger.skips = skips

    verdict = stage.run(DONE).verdict

    assert verdict.outcome is outcome
    assert verdict.message.startswith("3 starts in a row") is (outcome is Outcome.STARVED)


def test_a_start_that_may_wait_takes_the_lock_once_it_is_free() -> None:
    stage = waiting_stage(seconds=1)
    stage.attempts.between = stage.locks.free

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.attempts.waits == [0.25]
    assert stage.ledger.waits == [0.25]
    assert "lock.waiting" in stage.log.events()


def test_a_start_that_waited_in_vain_is_skipped() -> None:
    stage = waiting_stage(seconds=1)

    assert stage.run(DONE).verdict.outcome is Outcome.SKIPPED_LOCKED
    assert stage.attempts.waits == [0.25] * 4


def test_a_term_while_waiting_for_the_lock_ends_the_run() -> None:
    stage = waiting_stage(seconds=60)
    stage.attempts.stopped_by = died(Outcome.INTERRUPTED, 143)

    ending = stage.run(DONE)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.INTERRUPTED, 0)
    assert stage.ledger.closings["run-1"].verdict.outcome is Outcome.INTERRUPTED


def waiting_stage(*, seconds: float) -> Stage:
    overlap = Overlap(wait=timedelta(seconds=seconds), starved_after=3)
    stage = Stage(contract=replace(CONTRACT, overlap=overlap))
    stage.locks.keep_busy()
    return stage
