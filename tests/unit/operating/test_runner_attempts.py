"""When an attempt is followed by another, and after which wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import JobError, Refused
from domain.operating.ports import AttemptEnd
from domain.operating.run import Outcome, UnitResult
from fakes.operating import DONE, FEED_AWAY, ClockedOut, FeedAway, broke, died, finished, unit
from fakes.stage import Stage


class FeedGone(FeedAway):
    """A finer word for the declared failure."""


def test_a_declared_failure_is_tried_again_under_the_same_lock() -> None:
    stage = Stage()

    ending = stage.run(FEED_AWAY, FEED_AWAY, DONE)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.SUCCEEDED, 3)
    assert stage.ledger.attempts == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert stage.journal.count("acquire") == 1
    assert stage.log.events().count("attempt.retrying") == 2


def test_a_failure_finer_than_the_declared_one_is_tried_again() -> None:
    assert Stage().run(broke("retryable", FeedGone), DONE).attempts == 2


@pytest.mark.parametrize(
    "end",
    [
        broke("retryable", ClockedOut),
        broke("refused", Refused),
        broke("misconfigured"),
        broke("lock_lost"),
        broke("defect", KeyError),
        died(Outcome.CRASHED, 70),
        died(Outcome.TIMED_OUT, 124),
        died(Outcome.INTERRUPTED, 143),
        finished(unit("supplier 23", UnitResult.FAILED)),
        finished(unit("supplier 23", UnitResult.FAILED, failed_of=ClockedOut)),
    ],
    ids=lambda end: getattr(end, "error", "") or getattr(end, "message", "") or "unit",
)
def test_nothing_else_is_tried_again(end: AttemptEnd) -> None:
    stage = Stage()

    ending = stage.run(end, DONE)

    assert ending.attempts == 1
    assert "wait" not in stage.journal


@pytest.mark.parametrize("error", [FeedAway, FeedGone])
def test_a_unit_that_failed_of_a_declared_error_is_tried_again(error: type[JobError]) -> None:
    away = unit("supplier 23", UnitResult.FAILED, failed_of=error)

    assert Stage().run(finished(away, unit("supplier 7", UnitResult.DONE)), DONE).attempts == 2


def test_attempts_end_with_the_declared_number() -> None:
    stage = Stage()
    stage.allow(attempts=2)

    ending = stage.run(FEED_AWAY, FEED_AWAY, DONE)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.FAILED, 2)
    assert int(ending.verdict.exit_code) == 75


def test_waits_are_drawn_evenly_from_zero_to_the_ceiling() -> None:
    stage = Stage()
    stage.entropy.fraction = 0.5

    stage.run(FEED_AWAY, FEED_AWAY, DONE)

    assert stage.entropy.ranges == [(0, 20), (0, 30)]  # 20 s, then 40 s capped at 30 s
    assert stage.attempts.waits == [10, 15]


@pytest.mark.parametrize("seconds", [1, 300])
def test_the_partner_s_own_wait_wins(seconds: int) -> None:
    stage = Stage()

    stage.run(broke("retryable", FeedAway, retry_after=timedelta(seconds=seconds)), DONE)

    assert stage.attempts.waits == [seconds]


def test_a_partner_s_wait_beyond_the_deadline_ends_the_run() -> None:
    stage = Stage()
    late = broke("retryable", FeedAway, retry_after=timedelta(minutes=10))

    ending = stage.run(late, DONE)

    assert (int(ending.verdict.exit_code), ending.attempts) == (75, 1)
    assert stage.attempts.waits == []


@pytest.mark.parametrize(("seconds", "attempts"), [(579, 2), (580, 1)])
def test_no_attempt_begins_at_or_after_the_deadline(seconds: float, attempts: int) -> None:
    stage = Stage()  # the wait is 20 s, the deadline 600 s after the start
    stage.attempts.seconds = seconds

    assert stage.run(FEED_AWAY, DONE).attempts == attempts


def test_a_term_during_the_wait_ends_the_run_as_interrupted() -> None:
    stage = Stage()
    stage.attempts.stopped_by = died(Outcome.INTERRUPTED, 143)

    ending = stage.run(FEED_AWAY, DONE)

    assert (ending.verdict.outcome, ending.attempts) == (Outcome.INTERRUPTED, 1)
    assert int(ending.verdict.exit_code) == 143
    assert "attempt 2" not in stage.journal
    assert stage.locks.holders == {}


def test_the_log_of_each_attempt_carries_its_number() -> None:
    stage = Stage()

    stage.run(FEED_AWAY, DONE)

    begun = [
        fields["attempt"] for _, event, _, fields in stage.log.lines if event == "attempt.started"
    ]
    assert begun == [1, 2]
    assert stage.log.fields_of("attempt.failed")["attempt"] == 1
    assert stage.log.fields_of("run.finished")["attempt"] == 2
