"""The series in Prometheus' text format, by Prometheus' own library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infra.telemetry.families import FAMILIES, Family, Subject
from infra.telemetry.queue_families import QUEUE_FAMILIES
from infra.telemetry.queue_state import QueueState
from infra.telemetry.snapshot import Snapshot

_Groups = Sequence[tuple[Mapping[str, str], Subject]]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(snapshots: Sequence[Snapshot]) -> str:
    """Write the jobs' series, each family once with its help and type."""
    groups = [
        ({"cron_job": snapshot.state.job, "trigger": snapshot.state.trigger}, snapshot)
        for snapshot in snapshots
    ]
    return _written(FAMILIES, groups)


def queue_exposition(states: Sequence[QueueState]) -> str:
    """Write the queues' series."""
    return _written(QUEUE_FAMILIES, [({"queue": state.queue}, state) for state in states])


def _written(families: Sequence[Family[Subject]], groups: _Groups[Subject]) -> str:
    registry = CollectorRegistry()  # the process-wide one would add the interpreter's metrics
    registry.register(_Series(families, groups))
    return generate_latest(registry).decode()


class _Series(Collector, Generic[Subject]):
    """Hands the library what was read from the database."""

    def __init__(self, families: Sequence[Family[Subject]], groups: _Groups[Subject]) -> None:
        self._families, self._groups = families, groups

    def collect(self) -> Iterable[Metric]:
        metrics = (_metric(family, self._groups) for family in self._families)
        return (metric for metric in metrics if metric.samples)


def _metric(family: Family[Subject], groups: _Groups[Subject]) -> Metric:
    # The library adds a counter's suffix by itself.
    metric = Metric(family.name.removesuffix("_total"), family.text, family.kind)
    for labels, subject in groups:
        for suffix, own, value in family.samples(subject):
            metric.add_sample(f"{family.name}{suffix}", {**labels, **own}, value)
    return metric
