"""The commands about metrics, built at their first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kernel.alert_commands import AlertCommands

if TYPE_CHECKING:
    from commands.ops.metrics import MetricsDeclare, MetricsPush, MetricsShow
    from infra.sql.queue.states import SqlQueueStates
    from infra.telemetry.metrics import JobMetrics


class MetricCommands(AlertCommands):
    """A further part of the container, on the same light adapters."""

    @cached_property
    def _metrics(self) -> JobMetrics:
        from infra.telemetry.metrics import JobMetrics
        from kernel.publishing import snapshots, targets

        return JobMetrics(snapshots(self.boot, self._database), self._queues, targets(self.boot))

    @cached_property
    def _queues(self) -> SqlQueueStates:
        from kernel.publishing import queues

        return queues(self.boot, self._database)

    def metrics_declare(self) -> MetricsDeclare:
        from commands.ops.metrics import MetricsDeclare
        from infra.schedules import schedules
        from infra.sql.job_counters import SqlJobCounters

        ids = [schedule.schedule_id for schedule in schedules(self.boot.root)]
        counters = SqlJobCounters(self._database)
        return MetricsDeclare(self._metrics, counters, self._queues, ids, self._clock)

    def metrics_push(self) -> MetricsPush:
        from commands.ops.metrics import MetricsPush

        return MetricsPush(self._metrics)

    def metrics_show(self) -> MetricsShow:
        from commands.ops.metrics import MetricsShow

        return MetricsShow(self._metrics)
