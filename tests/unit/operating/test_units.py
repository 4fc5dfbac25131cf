"""One failing unit leaves its neighbours alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import LockLost, Refused, StoreUnavailable
from domain.operating.ports import Busy, Lease
from domain.operating.run import Unit, UnitResult
from domain.operating.units import guarded
from fakes.operating import FeedAway, RecordedLog, unit


class LoggedRun:
    """As much of a run as a unit sees."""

    run_id = correlation_id = "run-1"
    attempt = 1
    dry_run = False
    actor = "updating"
    leases: Sequence[Lease] = ()
    remaining = timedelta(minutes=1)

    def __init__(self) -> None:
        self.recorded = RecordedLog()

    def checkpoint(self, name: str) -> None:
        raise AssertionError(name)

    def progress(self, label: str, done: int, total: int | None) -> None:
        raise AssertionError(label)

    def stage(self, name: str) -> AbstractContextManager[None]:
        raise AssertionError(name)

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self.recorded.info(event, message, **fields)

    def warn(self, event: str, message: str = "", **fields: Any) -> None:
        self.recorded.warning(event, message, **fields)

    def lock(self, key: str) -> AbstractContextManager[Lease | Busy]:
        raise AssertionError(key)


def raising(error: Exception) -> Unit:
    raise error


def test_a_unit_that_works_is_handed_through() -> None:
    run, done = LoggedRun(), unit("supplier 23", UnitResult.DONE)

    assert guarded("supplier 23", lambda: done, run) is done
    assert run.recorded.lines == []


@pytest.mark.parametrize(
    ("error", "lineage"),
    [
        (Refused("no such column"), ("Refused", "JobError")),
        (FeedAway("no file"), ("FeedAway", "Retryable", "JobError")),
    ],
)
def test_a_foreseen_failure_becomes_the_unit_s_own_line(
    error: Exception, lineage: tuple[str, ...]
) -> None:
    run = LoggedRun()

    failed = guarded("supplier 23", lambda: raising(error), run)

    assert (failed.name, failed.result) == ("supplier 23", UnitResult.FAILED)
    assert failed.message == f"{type(error).__name__}: {error}"
    assert failed.lineage == lineage
    assert run.recorded.fields_of("unit.failed")["unit"] == "supplier 23"


def test_a_defect_keeps_its_traceback_in_the_log() -> None:
    run = LoggedRun()

    failed = guarded("supplier 23", lambda: raising(ZeroDivisionError("by zero")), run)

    assert (failed.result, failed.lineage) == (UnitResult.FAILED, ())
    assert "in raising" in run.recorded.fields_of("defect")["traceback"]


@pytest.mark.parametrize("error", [LockLost("taken over"), StoreUnavailable("no answer")])
def test_what_ends_the_whole_run_is_not_the_unit_s_fault(error: Exception) -> None:
    with pytest.raises(type(error)):
        guarded("supplier 23", lambda: raising(error), LoggedRun())
