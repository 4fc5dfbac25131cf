"""What a run of CR-007 deletes, archives, asks and leaves for the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.cleaning.allowance import Allowance, TooMuch
from domain.cleaning.pace import LOOK_ROWS
from domain.errors import ConfigurationInvalid, StopRequested
from domain.jobs.log_cleaning.request import LogRequest
from domain.jobs.log_cleaning.service import LogCleaning, LogRetention
from domain.operating.events import Event
from domain.operating.run import Outcome, Summary
from fakes.supplier_import import FakeRun
from fakes.update_log import DAY, FakeArchive, FakeUpdateLog

OLD, FRESH = 91 * DAY, 89 * DAY
FORCED = LogRequest(force=True, reason="first run")


@pytest.fixture
def log() -> FakeUpdateLog:
    return FakeUpdateLog()


def clean(
    log: FakeUpdateLog,
    request: LogRequest | None = None,
    run: FakeRun | None = None,
    archive: FakeArchive | None = None,
) -> Summary:
    allowance = Allowance(rows=3_000, percent=20, what="log rows")
    cleaning = LogCleaning(log, archive, LogRetention(days=90, allowance=allowance))
    return cleaning(request or LogRequest(), run or FakeRun())


@pytest.mark.parametrize(
    ("age", "goes"),
    [
        (90 * DAY, False),
        (90 * DAY + timedelta(microseconds=1), True),
        (FRESH, False),
        (-400 * DAY, False),
    ],
)
def test_only_what_is_strictly_older_goes(log: FakeUpdateLog, age: timedelta, goes: bool) -> None:
    log.add(5, age)

    summary = clean(log)

    assert len(log.rows) == (0 if goes else 5)
    assert summary.outcome is (Outcome.SUCCEEDED if goes else Outcome.EMPTY)
    assert summary.units[0].counts["deleted"] == 5 * goes


def test_a_second_run_finds_nothing(log: FakeUpdateLog) -> None:
    log.add(500, OLD)
    clean(log)

    assert clean(log).outcome is Outcome.EMPTY


def test_a_dry_run_tells_what_would_go_and_touches_neither_log_nor_archive(
    log: FakeUpdateLog,
) -> None:
    log.add(7, OLD)
    archive = FakeArchive(log.story)
    archive.seal(log.read(_stretch(log), log.now()))

    summary = clean(log, run=FakeRun(dry_run=True), archive=archive)

    assert summary.items == {"deleted": 7}
    assert log.story == ["sealed 7"]


# --- guards --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "kept", "said"),
    [
        (1_001, 4_000, "1,001 of 5,001 log rows would go, allowed are 20 %"),
        (3_001, 90_000, "3,001 log rows would go, allowed are 3,000"),
    ],
)
def test_too_much_at_once_asks_before_the_first_deletion(
    log: FakeUpdateLog, old: int, kept: int, said: str
) -> None:
    log.add(old, OLD)
    log.add(kept, FRESH)
    run = FakeRun()

    with pytest.raises(TooMuch, match=said):
        clean(log, run=run)
    assert log.story == []

    clean(log, FORCED, run)
    assert len(log.rows) == kept
    assert [(event, told["reason"]) for event, _, told in run.logged] == [
        (Event.GUARD_FORCED, "first run")
    ]


def test_the_search_goes_on_until_the_share_can_be_judged(log: FakeUpdateLog) -> None:
    log.add(2_000, OLD)
    log.add(LOOK_ROWS + 3_000, FRESH)

    assert clean(log).items["deleted"] == 2_000


@pytest.mark.parametrize(("days", "left"), [(None, 0), (365, 3), (91, 3)])
def test_a_longer_time_may_be_asked_for(log: FakeUpdateLog, days: int | None, left: int) -> None:
    log.add(3, OLD)

    clean(log, LogRequest(days=days))

    assert len(log.rows) == left


def test_a_shorter_time_needs_force(log: FakeUpdateLog) -> None:
    log.add(3, FRESH)

    with pytest.raises(TooMuch, match="--days=30 is less than the 90 of"):
        clean(log, LogRequest(days=30))
    assert clean(log, LogRequest(days=30, force=True, reason="disk")).items["deleted"] == 3


@pytest.mark.parametrize("days", [0, -1])
def test_a_retention_of_nothing_makes_no_sense(days: int) -> None:
    with pytest.raises(ConfigurationInvalid, match="keeps nothing"):
        LogRetention(days=days, allowance=Allowance())


# --- time ----------------------------------------------------------------------------------------


def test_out_of_time_it_leaves_the_rest_to_the_next_run(log: FakeUpdateLog) -> None:
    log.add(9_000, OLD)
    run = FakeRun()

    def time_is_over(name: str) -> None:
        if name == "batch" and run.checkpoints.count("batch") == 2:
            run.remaining = timedelta(seconds=19)

    run.at_checkpoint = time_is_over
    summary = clean(log, FORCED, run)

    assert summary.outcome is Outcome.SUCCEEDED
    assert summary.items["remaining"] == len(log.rows) > 0
    assert clean(log, FORCED).items["remaining"] == 0


# --- archives ------------------------------------------------------------------------------------


def _stretch(log: FakeUpdateLog) -> Any:
    return log.before(log.now()).look(0, LOOK_ROWS)


def test_rows_are_archived_then_deleted_then_the_archive_is_valid(log: FakeUpdateLog) -> None:
    log.add(1_500, OLD)
    archive = FakeArchive(log.story)

    summary = clean(log, FORCED, archive=archive)

    assert log.story == [
        *("sealed 1000", "deleted 1000", "kept 1000"),
        *("sealed 500", "deleted 500", "kept 500"),
    ]
    assert archive.valid == list(range(1, 1_501))
    assert (summary.items["deleted"], summary.items["archived"]) == (1_500, 1_500)


@pytest.mark.parametrize("stop_at", ["looked", "batch", "archived", "deleting", "deleted"])
def test_wherever_it_is_stopped_each_row_is_in_the_log_or_in_one_archive(
    log: FakeUpdateLog, stop_at: str
) -> None:
    log.add(1_500, OLD)
    archive = FakeArchive(log.story)

    with pytest.raises(StopRequested):
        clean(log, FORCED, FakeRun(stop_at=stop_at), archive)
    clean(log, FORCED, archive=archive)

    assert log.rows == {}
    assert sorted(archive.valid) == list(range(1, 1_501))


def test_rows_that_came_in_between_are_left_to_the_next_run(log: FakeUpdateLog) -> None:
    log.add(10, OLD)
    archive = FakeArchive(log.story)
    del log.rows[5]

    def late(name: str) -> None:
        if name == "archived":
            log.rows[5] = OLD

    summary = clean(log, run=FakeRun(at_checkpoint=late), archive=archive)

    assert log.story == ["sealed 9", "discarded 9"]
    assert (summary.items["deleted"], summary.items["remaining"]) == (0, 9)
    assert clean(log, archive=archive).items["archived"] == 10


def test_rows_that_others_deleted_in_between_need_no_archive(log: FakeUpdateLog) -> None:
    log.add(10, OLD)
    archive = FakeArchive(log.story)

    def gone(name: str) -> None:
        if name == "batch":
            log.rows.clear()

    summary = clean(log, run=FakeRun(at_checkpoint=gone), archive=archive)

    assert log.story == []
    assert summary.items["deleted"] == 0
