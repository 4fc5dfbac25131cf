"""The jobs' complete state as Prometheus metrics, re-read from the ledger at every publication.

A file or a gateway that was wiped is healed by the next run of any job, and a failed run never
erases the time of the last success. Names: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.errors import JobError
from domain.operating.events import Event
from domain.operating.ports import RunLog
from infra.telemetry.run_state import DURATION_BUCKETS, JobState

TEXTFILE = "crontract.prom"

LABELS = ("cron_job", "trigger")


class JobStates(Protocol):
    """The ledger as metrics need it."""

    def job_states(self) -> Sequence[JobState]: ...


class TextfileMetrics:
    """Publishes for the node exporter's textfile collector; a failure is logged, never raised."""

    def __init__(
        self, states: JobStates, directory: Path | None, log: RunLog, version: str
    ) -> None:
        self._states, self._directory, self._log = states, directory, log
        self._version = version

    def publish(self) -> None:
        """Write the whole state to one file, replaced as a whole; without a folder do nothing."""
        if self._directory is None:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            registry = registry_of(self._states.job_states(), self._version)
            write_to_textfile(str(self._directory / TEXTFILE), registry)
        except (OSError, JobError) as error:
            self._log.warning(Event.METRICS_FAILED, f"{self._directory}: {error}")


class LedgerCollector(Collector):
    """Turns the ledger's states into metric families."""

    def __init__(self, states: Sequence[JobState], version: str) -> None:
        self._states, self._version = states, version

    def collect(self) -> Iterable[Metric]:
        info = GaugeMetricFamily("cron_console_build_info", "Version", labels=["version"])
        info.add_metric([self._version], 1)
        yield info
        for name, text, field in _GAUGES:
            gauge = GaugeMetricFamily(name, text, labels=LABELS)
            for state in self._states:
                gauge.add_metric(_labels(state), float(getattr(state, field)))
            yield gauge
        yield from self._counters()
        yield self._durations()
        yield self._items()

    def _counters(self) -> Iterable[Metric]:
        runs = CounterMetricFamily("cron_runs", "Runs by outcome", labels=(*LABELS, "outcome"))
        retries = CounterMetricFamily("cron_run_retries", "Attempts after the first", labels=LABELS)
        for state in self._states:
            for outcome, count in sorted(state.outcomes.items()):
                runs.add_metric((*_labels(state), outcome), count)
            retries.add_metric(_labels(state), state.retries)
        return (runs, retries)

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "cron_run_duration_seconds", "Duration of runs that started an attempt", labels=LABELS
        )
        for state in self._states:
            buckets: list[Any] = [
                (str(float(bound)), state.durations.get(str(bound), 0))
                for bound in DURATION_BUCKETS
            ]
            buckets.append(("+Inf", state.durations.get("count", 0)))
            family.add_metric(_labels(state), buckets, state.durations.get("sum", 0.0))
        return family

    def _items(self) -> Metric:
        family = GaugeMetricFamily(
            "cron_run_items", "Items of the last finished run", labels=(*LABELS, "result")
        )
        for state in self._states:
            for result, count in sorted(state.items.items()):
                family.add_metric((*_labels(state), result), count)
        return family


_GAUGES = (
    ("cron_job_last_success_timestamp_seconds", "0: never", "last_success"),
    ("cron_job_last_failure_timestamp_seconds", "0: never", "last_failure"),
    ("cron_run_started_timestamp_seconds", "Start of the last run", "started"),
    ("cron_run_finished_timestamp_seconds", "End of the last finished run", "finished"),
    ("cron_run_in_progress", "Runs that are under way", "in_progress"),
    ("cron_run_last_duration_seconds", "Duration of the last finished run", "duration"),
    ("cron_run_last_exit_code", "Exit code of the last finished run", "exit_code"),
    ("cron_run_last_attempts", "Attempts of the last finished run", "attempts"),
    ("cron_job_consecutive_skips", "Starts in a row that found the lock held", "skips"),
)


def registry_of(states: Sequence[JobState], version: str) -> CollectorRegistry:
    """Build a registry of its own; the process-wide one would add the interpreter's metrics."""
    registry = CollectorRegistry()
    registry.register(LedgerCollector(states, version))
    return registry


def _labels(state: JobState) -> tuple[str, str]:
    return state.job, state.trigger
