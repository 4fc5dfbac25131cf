"""What started a run, and under which id it follows the work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.operating.run import Trigger
from kernel.run_options import RunOptions, correlation_id, firing
from kernel.words import UsageFault

NOTHING: dict[str, Any] = {
    "dry_run": False,
    "scheduled_at": None,
    "again": False,
    "reason": "",
    "correlation_id": None,
    "no_fork": False,
}
VARIABLES = (
    "CRON_TRIGGER",
    "CRON_SCHEDULER_RUN_ID",
    "INVOCATION_ID",
    "CRON_CORRELATION_ID",
    "TRACEPARENT",
)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def options(**typed: Any) -> RunOptions:
    return RunOptions.of(NOTHING | typed)


@pytest.mark.parametrize(
    "text", ["2026-11-21T03:00:00Z", "2026-11-21T04:00:00+01:00", "2026-11-21T03:00:00"]
)
def test_an_instant_is_read_in_utc_unless_it_says_otherwise(text: str) -> None:
    at = options(scheduled_at=text).scheduled_at

    assert at == datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert at.tzinfo is UTC


def test_an_instant_that_is_none_is_answered_with_an_example() -> None:
    with pytest.raises(UsageFault, match="tomorrow is no instant") as fault:
        options(scheduled_at="tomorrow")

    assert "2026-11-21T03:00:00Z" in fault.value.hint


@pytest.mark.parametrize("reason", ["", "  "])
def test_running_again_needs_a_reason(reason: str) -> None:
    with pytest.raises(UsageFault, match="--again needs a --reason"):
        options(again=True, reason=reason)

    assert options(again=True, reason="wrong feed").again


def test_a_start_without_a_word_of_a_schedule_is_by_hand() -> None:
    assert firing(options()).trigger is Trigger.MANUAL


def test_the_scheduler_says_so_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_TRIGGER", "schedule")

    assert firing(options()).trigger is Trigger.SCHEDULE


def test_a_start_for_an_instant_is_scheduled() -> None:
    fired = firing(options(scheduled_at="2026-11-21T03:00:00Z"))

    assert fired.trigger is Trigger.SCHEDULE
    assert fired.scheduled_at == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_kubernetes_and_systemd_name_the_scheduler_s_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert firing(options()).scheduler_run_id is None
    monkeypatch.setenv("INVOCATION_ID", "0f0f")
    assert firing(options()).scheduler_run_id == "0f0f"
    monkeypatch.setenv("CRON_SCHEDULER_RUN_ID", "cr-010-29")
    assert firing(options()).scheduler_run_id == "cr-010-29"


def test_a_scheduled_run_keeps_its_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert firing(options(no_fork=True)).trigger is Trigger.MANUAL

    with pytest.raises(UsageFault, match="--no-fork"):
        firing(options(no_fork=True, scheduled_at="2026-11-21T03:00:00Z"))
    monkeypatch.setenv("CRON_TRIGGER", "schedule")
    with pytest.raises(UsageFault, match="--no-fork"):
        firing(options(no_fork=True))


def test_the_nearest_word_of_a_correlation_id_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert correlation_id(options(), "run-1") == "run-1"
    monkeypatch.setenv("TRACEPARENT", TRACE)
    assert correlation_id(options(), "run-1") == "0af7651916cd43dd8448eb211c80319c"
    monkeypatch.setenv("CRON_CORRELATION_ID", "from-cron")
    assert correlation_id(options(), "run-1") == "from-cron"
    assert correlation_id(options(correlation_id="typed"), "run-1") == "typed"


@pytest.mark.parametrize("trace", ["", "00", "00-abc"])
def test_a_trace_that_is_none_is_passed_over(trace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", trace)

    assert correlation_id(options(), "run-1") == "run-1"
