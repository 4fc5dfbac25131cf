"""The jobs' complete state for Prometheus, re-read from the ledger at every publication.

A file or a gateway that was wiped is healed by the next run of any job, and a failed run never
erases the time of the last success. Names: docs/reference/metrics.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from domain.errors import ConfigurationInvalid, JobError
from domain.operating.events import Event
from domain.operating.ports import RunLog
from infra.telemetry.exposition import exposition, queue_exposition
from infra.telemetry.queue_state import COMMANDS, QueueState
from infra.telemetry.snapshot import Snapshot

if TYPE_CHECKING:
    from infra.telemetry.gateway import Pushgateway

TEXTFILE, QUEUE_TEXTFILE = "crontract.prom", "crontract_queue.prom"


class QueueSource(Protocol):
    """Where the queues' state is read."""

    def read(self) -> Sequence[QueueState]: ...


class Source(Protocol):
    """Where the state is read."""

    def read(self) -> Sequence[Snapshot]: ...


class Target(Protocol):
    """Where the state is published; raises OSError or JobError."""

    @property
    def address(self) -> str: ...
    def write(self, snapshots: Sequence[Snapshot], job: str | None) -> None:
        """Write all jobs, or at least the one named."""
        ...

    def write_queues(self, states: Sequence[QueueState]) -> None: ...


class Textfile:
    """Files for the node exporter's textfile collector, each replaced as a whole."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def address(self) -> str:
        return str(self._directory / TEXTFILE)

    def write(self, snapshots: Sequence[Snapshot], job: str | None) -> None:  # noqa: ARG002 - all
        self._replace(TEXTFILE, exposition(snapshots))

    def write_queues(self, states: Sequence[QueueState]) -> None:
        self._replace(QUEUE_TEXTFILE, queue_exposition(states))

    def _replace(self, name: str, text: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        # The collector reads *.prom only; two runs that end together must not share the other.
        unfinished = self._directory / f"{name}.{os.getpid()}"
        unfinished.write_text(text, "utf-8")
        unfinished.replace(self._directory / name)


class GatewayGroups:
    """One group per job and trigger, and one per queue, on the Pushgateway."""

    def __init__(self, gateway: Callable[[], Pushgateway]) -> None:
        self._gateway = gateway

    @property
    def address(self) -> str:
        return self._gateway().address

    def write(self, snapshots: Sequence[Snapshot], job: str | None) -> None:
        self._gateway().put(
            [
                (group_of(snapshot), exposition([snapshot]))
                for snapshot in snapshots
                if job in (None, snapshot.state.job)
            ]
        )

    def write_queues(self, states: Sequence[QueueState]) -> None:
        self._gateway().put(
            [
                ({"job": "cron_queue", "queue": state.queue}, queue_exposition([state]))
                for state in states
            ]
        )


def group_of(snapshot: Snapshot) -> dict[str, str]:
    """Give the grouping key: never a run, a host or an argument, so that it stays one per job."""
    return {"job": "cron", "cron_job": snapshot.state.job, "trigger": snapshot.state.trigger}


class PublishedMetrics:
    """Publishes after a run; what fails is logged once each and never raised."""

    def __init__(
        self, source: Source, queues: QueueSource, targets: Sequence[Target], log: RunLog
    ) -> None:
        self._source, self._queues = source, queues
        self._targets, self._log = targets, log

    def publish(self, job: str) -> None:
        """Write the job's state to every target, and the queues' where the job moves messages."""
        if not self._targets:
            return
        try:
            snapshots = self._source.read()
            states = self._queues.read() if _moves_messages(snapshots, job) else ()
        except JobError as error:
            self._log.warning(Event.METRICS_FAILED, str(error))
            return
        for target in self._targets:
            try:
                target.write(snapshots, job)
                if states:
                    target.write_queues(states)
            except (OSError, JobError) as error:
                self._log.warning(Event.METRICS_FAILED, str(error))


def _moves_messages(snapshots: Sequence[Snapshot], job: str) -> bool:
    """Tell whether the job is one of those that publish the queues too."""
    names = {s.contract.name for s in snapshots if s.state.job == job and s.contract}
    return any(name.startswith(COMMANDS) for name in names)


class JobMetrics:
    """Publishes when a person asks; what fails is raised."""

    def __init__(self, source: Source, queues: QueueSource, targets: Sequence[Target]) -> None:
        self._source, self._queues, self._targets = source, queues, targets

    def jobs(self) -> Sequence[str]:
        """Name every job on record."""
        return sorted({snapshot.state.job for snapshot in self._source.read()})

    def text(self, job: str | None) -> str:
        """Give one job's series, or all and the queues'."""
        snapshots = [found for found in self._source.read() if job in (None, found.state.job)]
        queues = queue_exposition(self._queues.read()) if job is None else ""
        return exposition(snapshots) + queues

    def push(self, job: str | None) -> Sequence[str]:
        """Publish one job, or all and the queues; gives where to."""
        if not self._targets:
            raise ConfigurationInvalid(
                "nowhere to publish: set metrics.pushgateway_url or metrics.textfile_directory"
            )
        snapshots = self._source.read()
        for target in self._targets:
            target.write(snapshots, job)
            if job is None:
                target.write_queues(self._queues.read())
        return [target.address for target in self._targets]
