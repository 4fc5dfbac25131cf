"""The series in Prometheus' text format, by Prometheus' own library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infra.telemetry.families import FAMILIES, Family
from infra.telemetry.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(snapshots: Sequence[Snapshot]) -> str:
    """Write the snapshots' series, each family once with its help and type."""
    registry = CollectorRegistry()  # the process-wide one would add the interpreter's metrics
    registry.register(_Snapshots(snapshots))
    return generate_latest(registry).decode()


class _Snapshots(Collector):
    """Hands the library what was read from the ledger."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Metric]:
        metrics = (_metric(family, self._snapshots) for family in FAMILIES)
        return (metric for metric in metrics if metric.samples)


def _metric(family: Family, snapshots: Sequence[Snapshot]) -> Metric:
    # The library adds a counter's suffix by itself.
    metric = Metric(family.name.removesuffix("_total"), family.text, family.kind)
    for snapshot in snapshots:
        group = {"cron_job": snapshot.state.job, "trigger": snapshot.state.trigger}
        for suffix, own, value in family.samples(snapshot):
            metric.add_sample(f"{family.name}{suffix}", {**group, **own}, value)
    return metric
