"""Every way in which a run can end, through the whole pipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from domain.errors import ConfigurationInvalid, LockLost, Refused, StoreUnavailable
from domain.operating.ports import AttemptEnd
from domain.operating.run import Outcome, Trigger, UnitResult
from fakes.operating import DONE, FEED_AWAY, START, THREE, FeedAway, broke, died, finished, unit
from fakes.stage import Stage

FAILED_UNIT = unit("supplier 23", UnitResult.FAILED, message="no column")
AWAY_UNIT = unit("supplier 42", UnitResult.FAILED, message="no file", failed_of=FeedAway)
DONE_UNIT = unit("supplier 7", UnitResult.DONE)


@dataclass
class Case:
    """How the stage is set, and how the run must end on it."""

    name: str
    outcome: Outcome
    exit_code: int
    ends: tuple[AttemptEnd | Exception, ...] = ()
    stage: Callable[[], Stage] = Stage


def held_stage(skips: int) -> Stage:
    stage = Stage()
    stage.locks.keep_busy()
    stage.ledger.skips = skips
    return stage


def settled_stage() -> Stage:
    stage = Stage()
    stage.settle(Outcome.SUCCEEDED)
    return stage


def outage_stage(part: str, step: str) -> Stage:
    stage = Stage()
    getattr(stage, part).fail(step)
    return stage


def outdated_stage() -> Stage:
    stage = Stage()
    stage.ledger.fail("pause_of", error=ConfigurationInvalid("run bin/console db:migrate"))
    return stage


TWO_AWAY = finished(AWAY_UNIT, AWAY_UNIT)

CASES = [
    Case("work was done", Outcome.SUCCEEDED, 0, (DONE,)),
    Case("nothing to do", Outcome.EMPTY, 0, (finished(),)),
    Case("the lock is held", Outcome.SKIPPED_LOCKED, 0, stage=partial(held_stage, 1)),
    Case("the switch is off", Outcome.SKIPPED_PAUSED, 0, stage=partial(Stage, switched_on=False)),
    Case("the slot is settled", Outcome.SKIPPED_DUPLICATE, 0, stage=settled_stage),
    Case("some units failed", Outcome.PARTIAL, 4, (finished(DONE_UNIT, FAILED_UNIT),)),
    Case("all units failed for good", Outcome.FAILED, 70, (finished(FAILED_UNIT),)),
    Case("all units failed for now", Outcome.FAILED, 75, (TWO_AWAY,) * 3),
    Case("one of two for good", Outcome.FAILED, 70, (finished(FAILED_UNIT, AWAY_UNIT),) * 3),
    Case("the lock was held three times", Outcome.STARVED, 5, stage=partial(held_stage, 2)),
    Case("the lock was lost", Outcome.LOCK_LOST, 6, (broke("lock_lost", LockLost),)),
    Case(
        "the ledger is away",
        Outcome.UNAVAILABLE,
        69,
        stage=partial(outage_stage, "ledger", "pause_of"),
    ),
    Case("no run row", Outcome.UNAVAILABLE, 69, stage=partial(outage_stage, "ledger", "open")),
    Case("no lock store", Outcome.UNAVAILABLE, 69, stage=partial(outage_stage, "locks", "acquire")),
    Case(
        "no note", Outcome.UNAVAILABLE, 69, stage=partial(outage_stage, "ledger", "attempt_started")
    ),
    Case("it was refused", Outcome.FAILED, 70, (broke("refused", Refused),)),
    Case("it is a defect", Outcome.FAILED, 70, (broke("defect", KeyError),)),
    Case("the feed stayed away", Outcome.FAILED, 75, (FEED_AWAY,) * 3),
    Case("the child was killed", Outcome.CRASHED, 70, (died(Outcome.CRASHED, 70),)),
    Case("it was misconfigured", Outcome.MISCONFIGURED, 78, (broke("misconfigured"),)),
    Case("the schema is old", Outcome.MISCONFIGURED, 78, stage=outdated_stage),
    Case("the time was up", Outcome.TIMED_OUT, 124, (died(Outcome.TIMED_OUT, 124),)),
    Case("INT", Outcome.INTERRUPTED, 130, (died(Outcome.INTERRUPTED, 130),)),
    Case("TERM", Outcome.INTERRUPTED, 143, (died(Outcome.INTERRUPTED, 143),)),
    Case("the supervisor broke", Outcome.FAILED, 70, (RuntimeError("no pipe"),)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_run_ends_as_the_table_says(case: Case) -> None:
    stage = case.stage()

    ending = stage.run(*case.ends)

    assert ending.verdict.outcome is case.outcome
    assert int(ending.verdict.exit_code) == case.exit_code
    events = stage.log.events()
    assert (events[0], events.count("run.started")) == ("run.started", 1)
    assert (events[-1], events.count("run.finished")) == ("run.finished", 1)
    said = stage.log.fields_of("run.finished")
    assert (said["outcome"], said["exit_code"]) == (case.outcome.word, case.exit_code)
    assert START.run_id not in {busy.run_id for busy in stage.locks.held()}


def test_the_cases_cover_every_outcome_of_a_process() -> None:
    of_slots = {Outcome.MISSED, Outcome.SKIPPED_LATE}  # these need a late slot: test_runner_slots

    assert {case.outcome for case in CASES} == set(Outcome) - of_slots


def test_the_pipe_has_one_order() -> None:
    stage = Stage()

    stage.run(DONE)

    assert stage.journal == [
        "pause_of",
        "reap",
        "open",
        "acquire",
        "hold",
        "attempt_started",
        "attempt 1",
        "attempt_ended",
        "close",
        "release",
        "publish",
        "tell",
    ]


@pytest.mark.parametrize(
    ("schedule_id", "job"), [("cr-010-sample", "cr-010-sample"), (None, "cron:sample:work")]
)
def test_the_metrics_of_the_schedule_are_published_or_else_of_the_command(
    schedule_id: str | None, job: str
) -> None:
    stage = Stage()

    stage.run(DONE, schedule_id=schedule_id)

    assert stage.metrics.jobs == [job]


def test_the_ledger_gets_the_verdict_with_all_that_belongs_to_it() -> None:
    stage = Stage()

    stage.run(finished(DONE_UNIT, output="the tail", booked=3))

    closing = stage.ledger.closings["run-1"]
    assert closing.verdict.outcome is Outcome.SUCCEEDED
    assert closing.summary is not None
    assert dict(closing.summary.items) == {"booked": 3}
    assert (closing.attempts, closing.log_tail) == (1, "the tail")
    assert closing.finished_at == stage.clock.now()


def test_the_start_and_the_end_are_said_with_what_a_search_needs() -> None:
    stage = Stage()

    stage.run(DONE)

    assert stage.log.message_of("run.started") == "cron:sample:work all"
    said = stage.log.fields_of("run.finished")
    assert (said["attempts"], said["items"], said["fence"]) == (1, {"booked": 3}, 1)


def test_a_bad_end_is_an_error_in_the_log_and_says_why() -> None:
    stage = Stage()

    stage.run(broke("refused", Refused, "name a supplier"))

    levels = {event: (level, message) for level, event, message, _ in stage.log.lines}
    assert levels["attempt.failed"] == ("warning", "name a supplier")
    assert levels["run.finished"] == ("error", "name a supplier")


def test_a_defect_of_the_supervisor_keeps_its_traceback_and_frees_the_lock() -> None:
    stage = Stage()

    ending = stage.run(RuntimeError("no pipe"))

    assert ending.verdict.message == "RuntimeError: no pipe"
    assert "in _one_attempt" in stage.log.fields_of("defect")["traceback"]
    assert stage.locks.holders == {}
    assert stage.ledger.closings["run-1"].verdict.outcome is Outcome.FAILED


# --- the stores fail half-way -------------------------------------------------------------------


def test_without_a_ledger_no_work_is_done_and_no_lock_is_taken() -> None:
    stage = outage_stage("ledger", "open")

    ending = stage.run(DONE)

    assert ending.verdict.message == "open: no answer"
    assert stage.journal == ["pause_of", "reap", "publish", "tell"]


def test_without_a_lock_store_the_run_is_on_record_but_no_work_is_done() -> None:
    stage = outage_stage("locks", "acquire")

    stage.run(DONE)

    assert stage.ledger.closings["run-1"].verdict.outcome is Outcome.UNAVAILABLE
    assert "attempt 1" not in stage.journal


def test_a_ledger_away_for_a_moment_at_the_end_still_gets_the_verdict() -> None:
    stage = Stage()
    stage.ledger.fail("close", times=4)

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.ledger.closings["run-1"].verdict.outcome is Outcome.SUCCEEDED
    assert stage.clock.slept == [0.5, 1, 2, 4]


def test_a_ledger_away_for_good_at_the_end_changes_no_verdict_and_is_said() -> None:
    stage = Stage()
    stage.ledger.fail("close")

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.ledger.closings == {}
    assert stage.log.events().count("ledger.unreachable") == 5
    assert stage.locks.holders == {}


def test_a_ledger_away_when_the_attempt_ends_changes_no_verdict() -> None:
    stage = Stage()
    stage.ledger.fail("attempt_ended")

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert "ledger.unreachable" in stage.log.events()


def test_a_ledger_away_between_two_attempts_does_not_stop_the_second() -> None:
    stage = Stage()
    stage.attempts.between = lambda: stage.ledger.fail("attempt_started", times=1)

    ending = stage.run(FEED_AWAY, DONE)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.SUCCEEDED, 2)
    assert "ledger.unreachable" in stage.log.events()


def test_a_lock_store_away_at_the_end_changes_no_verdict() -> None:
    stage = Stage()
    stage.locks.fail("release")

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert "lock.unreleased" in stage.log.events()
    assert "close" in stage.journal


@pytest.mark.parametrize("error", [StoreUnavailable("no answer"), ZeroDivisionError("by zero")])
def test_metrics_that_cannot_be_published_change_no_verdict(error: Exception) -> None:
    stage = Stage()
    stage.metrics.fail("publish", error=error)

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.log.events()[-2:] == ["metrics.failed", "run.finished"]


@pytest.mark.parametrize("error", [StoreUnavailable("no answer"), ZeroDivisionError("by zero")])
def test_alerts_that_cannot_be_sent_change_no_verdict(error: Exception) -> None:
    stage = Stage()
    stage.alerts.fail("tell", error=error)

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.log.events()[-2:] == ["alerts.failed", "run.finished"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_alerts_hear_of_every_end_but_a_refused_start(case: Case) -> None:
    stage = case.stage()

    stage.run(*case.ends)

    silent = case.outcome in (Outcome.SKIPPED_LOCKED, Outcome.SKIPPED_DUPLICATE)
    assert stage.alerts.outcomes == ([] if silent else [case.outcome])


# --- dry run ------------------------------------------------------------------------------------


def test_a_dry_run_touches_neither_ledger_nor_locks_nor_metrics() -> None:
    stage = Stage()

    ending = stage.run(DONE, dry_run=True, slot=None, trigger=Trigger.MANUAL)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.journal == ["attempt 1"]
    assert stage.attempts.leases == ()
    assert stage.log.message_of("run.started") == "cron:sample:work all (dry run)"


def test_a_dry_run_is_tried_again_like_any_other() -> None:
    stage = Stage()

    ending = stage.run(broke("retryable", FeedAway), DONE, dry_run=True)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.SUCCEEDED, 2)
    assert stage.journal == ["attempt 1", "wait", "attempt 2"]


def test_a_dry_run_during_another_s_lock_is_not_refused() -> None:
    stage = held_stage(0)

    assert stage.run(DONE, dry_run=True).verdict.outcome is Outcome.SUCCEEDED
    assert stage.ledger.slots.get(THREE) is None
