"""Every metric: its name, its type, what it says, and how it is read from a job's snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.operating.contract import Contract
from domain.operating.run import Outcome
from infra.telemetry.run_state import DURATION_BUCKETS, JobState
from infra.telemetry.snapshot import Snapshot

Sample = tuple[str, Mapping[str, str], float]
"""Suffix of the name, labels of its own, value."""


Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Family(Generic[Subject]):
    """One metric; ``labels`` are those beside its group's: job and trigger, or queue."""

    name: str
    kind: str
    text: str
    samples: Callable[[Subject], Iterator[Sample]]
    labels: tuple[str, ...] = ()


def _gauge(name: str, text: str, read: Callable[[Snapshot], float | None]) -> Family[Snapshot]:
    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        value = read(snapshot)
        if value is not None:
            yield "", {}, value

    return Family(name, "gauge", text, samples)


def _of_state(name: str, text: str, read: Callable[[JobState], float]) -> Family[Snapshot]:
    return _gauge(name, text, lambda snapshot: read(snapshot.state))


def _of_contract(name: str, text: str, read: Callable[[Contract], float]) -> Family[Snapshot]:
    def value(snapshot: Snapshot) -> float | None:
        return read(snapshot.contract) if snapshot.contract else None

    return _gauge(name, text, value)


def _by(
    label: str, name: str, kind: str, text: str, read: Callable[[Snapshot], Mapping[str, float]]
) -> Family[Snapshot]:
    def samples(snapshot: Snapshot) -> Iterator[Sample]:
        for word, value in sorted(read(snapshot).items()):
            yield "", {label: word}, value

    return Family(name, kind, text, samples, (label,))


def _outcomes(snapshot: Snapshot) -> Mapping[str, float]:
    """Every outcome, so that the first of a kind is an increase and no new series."""
    return {o.word: snapshot.state.outcomes.get(o.word, 0) for o in Outcome}


def _retries(snapshot: Snapshot) -> Iterator[Sample]:
    yield "", {}, snapshot.state.retries


def _durations(snapshot: Snapshot) -> Iterator[Sample]:
    counts = snapshot.state.durations
    for bound in DURATION_BUCKETS:
        yield "_bucket", {"le": str(bound)}, counts.get(str(bound), 0)
    yield "_bucket", {"le": "+Inf"}, counts.get("count", 0)
    yield "_sum", {}, counts.get("sum", 0)
    yield "_count", {}, counts.get("count", 0)


FAMILIES: tuple[Family[Snapshot], ...] = (
    _of_state(
        "cron_job_last_success_timestamp_seconds",
        "End of the last good run; 0: never",
        lambda state: state.last_success,
    ),
    _of_state(
        "cron_job_last_failure_timestamp_seconds",
        "End of the last run that somebody is told of; 0: never",
        lambda state: state.last_failure,
    ),
    _gauge(
        "cron_job_next_deadline_timestamp_seconds",
        "When the firing after the newest known one must have ended",
        lambda snapshot: snapshot.next_deadline,
    ),
    _gauge(
        "cron_job_max_success_age_seconds",
        "Age at which the last success is too old",
        lambda snapshot: snapshot.max_success_age,
    ),
    _gauge(
        "cron_job_paused_until_timestamp_seconds",
        "End of the pause, past ones too until lifted; 0: none, +Inf: until lifted",
        lambda snapshot: snapshot.paused_until,
    ),
    _of_contract(
        "cron_job_expected_min_items",
        "Items that a healthy run handles at least",
        lambda contract: contract.expected_min_items,
    ),
    _of_state(
        "cron_job_consecutive_skips",
        "Starts in a row that found the lock held",
        lambda state: state.skips,
    ),
    _of_state(
        "cron_run_started_timestamp_seconds", "Start of the last run", lambda state: state.started
    ),
    _of_state(
        "cron_run_finished_timestamp_seconds",
        "End of the last finished run that did an attempt",
        lambda state: state.finished,
    ),
    _of_state("cron_run_in_progress", "Runs under way", lambda state: state.in_progress),
    _of_contract(
        "cron_run_timeout_seconds",
        "What all attempts of a run may take",
        lambda contract: contract.timeout.total_seconds(),
    ),
    _of_state(
        "cron_run_last_duration_seconds", "Of the last finished run", lambda state: state.duration
    ),
    _by(
        "stage",
        "cron_run_stage_duration_seconds",
        "gauge",
        "Parts of the last finished run",
        lambda snapshot: snapshot.state.stages,
    ),
    _of_state("cron_run_last_exit_code", "Of the last finished run", lambda state: state.exit_code),
    _of_state("cron_run_last_attempts", "Of the last finished run", lambda state: state.attempts),
    _of_state(
        "cron_lock_wait_seconds",
        "What the last finished run waited for its lock",
        lambda state: state.lock_wait,
    ),
    _by(
        "result",
        "cron_run_items",
        "gauge",
        "Items of the last finished run",
        lambda snapshot: snapshot.state.items,
    ),
    _by("outcome", "cron_runs_total", "counter", "Runs and missed firings", _outcomes),
    Family("cron_run_retries_total", "counter", "Attempts after the first", _retries),
    Family(
        "cron_run_duration_seconds",
        "histogram",
        "Runs that did an attempt",
        _durations,
        ("le",),
    ),
    _by(
        "version",
        "cron_console_build_info",
        "gauge",
        "The version that published this; always 1",
        lambda snapshot: {snapshot.version: 1},
    ),
)
