"""metrics:push, metrics:declare and metrics:show: what Prometheus is told of the jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Protocol

import typer

from commands.result import Table, Text
from domain.operating.ports import Clock


class Published(Protocol):
    """The jobs' metrics, read from the ledger."""

    def jobs(self) -> Sequence[str]: ...
    def text(self, job: str | None) -> str: ...
    def push(self, job: str | None) -> Sequence[str]:
        """Publish one job or all; gives where to. Raises JobError where that fails."""
        ...


class Counters(Protocol):
    """The counters that outlive their runs."""

    def declare(self, job: str, now: datetime) -> int:
        """Begin at zero what is missing; gives how many were."""
        ...


class QueueCounters(Protocol):
    """The counters of the declared queues."""

    def declare(self) -> Mapping[str, int]:
        """Begin at zero what is missing; gives how many were, by queue."""
        ...


class MetricsPush:
    """Publishes now what the next run would publish."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console metrics:push --all",
        "bin/console metrics:push cr-009-suppliers-import-stock-all",
    )

    def __init__(self, metrics: Published) -> None:
        self._metrics = metrics

    def __call__(
        self,
        job: Annotated[
            str | None, typer.Argument(help="A schedule's id, or a command started by hand.")
        ] = None,
        everything: Annotated[
            bool, typer.Option("--all", help="Every job: refills a gateway that lost its data.")
        ] = False,
    ) -> Text:
        if everything == (job is not None):
            raise typer.BadParameter("name one job, or say --all")
        _check(self._metrics, job)
        places = self._metrics.push(job)
        what = job or "every job"
        return Text(
            text=f"{what}: published to {', '.join(places)}",
            data={"job": job, "places": ", ".join(places)},
        )


class MetricsDeclare:
    """Makes a first failure visible: a counter must be seen at 0 before it can be seen to grow."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console metrics:declare",)

    def __init__(
        self,
        metrics: Published,
        counters: Counters,
        queues: QueueCounters,
        schedules: Sequence[str],
        clock: Clock,
    ) -> None:
        self._metrics, self._counters, self._queues = metrics, counters, queues
        self._schedules, self._clock = schedules, clock

    def __call__(self) -> Table:
        now = self._clock.now()
        rows = [(job, self._counters.declare(job, now)) for job in self._schedules]
        rows += [(f"queue {queue}", new) for queue, new in self._queues.declare().items()]
        places = self._metrics.push(None)
        return Table(
            columns=("schedule or queue", "new counters"),
            rows=rows,
            notes=[f"published to {', '.join(places)}"],
            empty="no schedule is declared in config/schedules.toml",
        )


class MetricsShow:
    """Prints in Prometheus' text format exactly what is published."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console metrics:show",
        "bin/console metrics:show cr-009-suppliers-import-stock-all",
    )

    def __init__(self, metrics: Published) -> None:
        self._metrics = metrics

    def __call__(
        self,
        job: Annotated[
            str | None, typer.Argument(help="A schedule's id or a command; without: all.")
        ] = None,
    ) -> Text:
        _check(self._metrics, job)
        text = self._metrics.text(job)
        return Text(text=text.rstrip("\n"), data={"text": text})


def _check(metrics: Published, job: str | None) -> None:
    if job is not None and job not in (known := metrics.jobs()):
        there = ", ".join(known) or "none; bin/console metrics:declare begins them"
        raise typer.BadParameter(f"{job} is not on record; on record: {there}")
