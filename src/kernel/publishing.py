"""Metrics wired: ledger and declarations to the textfile and the gateway that settings name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.boot import Boot
from infra.secrets import filled
from infra.sql.connection import Database
from infra.sql.job_states import SqlJobStates
from infra.sql.pauses import SqlPauses
from infra.telemetry.metrics import GatewayGroups, Target, Textfile
from infra.telemetry.snapshot import Declaration, Snapshots
from kernel.contracts import contracts
from kernel.version import VERSION

if TYPE_CHECKING:
    from infra.sql.queue.states import SqlQueueStates
    from infra.telemetry.gateway import Pushgateway
    from infra.telemetry.queue_state import QueueState


def snapshots(boot: Boot, database: Database) -> Snapshots:
    return Snapshots(
        SqlJobStates(database), SqlPauses(database), lambda: declarations(boot), VERSION
    )


def queues(boot: Boot, database: Database) -> SqlQueueStates:
    from infra.queue_settings import queue_settings
    from infra.sql.queue.states import SqlQueueStates

    return SqlQueueStates(database, queue_settings(boot.root).queues)


class QueuesOnUse:
    """The queues' state, wired only for a run that moves messages."""

    def __init__(self, boot: Boot, database: Database) -> None:
        self._boot, self._database = boot, database

    def read(self) -> Sequence[QueueState]:
        return queues(self._boot, self._database).read()


def declarations(boot: Boot) -> Sequence[Declaration]:
    """Give every command, and every declared schedule of one. Raises ConfigurationInvalid."""
    from infra.schedules import schedules

    known = contracts()
    by_hand = [Declaration(job=name, contract=contract) for name, contract in known.items()]
    scheduled = [
        Declaration(job=schedule.schedule_id, contract=known[schedule.command], cadence=schedule)
        for schedule in schedules(boot.root)
        if schedule.command in known
    ]
    return [*by_hand, *scheduled]


def targets(boot: Boot) -> Sequence[Target]:
    """Give what the settings name; a gateway's address is read when it is used."""
    found: list[Target] = []
    if boot.textfile_directory:
        found.append(Textfile(boot.textfile_directory))
    if boot.pushgateway_url:
        found.append(GatewayGroups(lambda: _gateway(boot)))
    return found


def _gateway(boot: Boot) -> Pushgateway:
    from infra.telemetry.gateway import Pushgateway

    return Pushgateway(filled(boot.pushgateway_url, boot.secrets_directory))
