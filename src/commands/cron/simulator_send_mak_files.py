"""CR-013: send the wheel simulator's files."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.simulator.request import SimulatorRequest
from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Owner,
    Priority,
    Retry,
)
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary
from domain.transfers.failures import TransferBroken

if TYPE_CHECKING:  # the service loads in the job's own process
    from domain.jobs.simulator.service import SimulatorFiles

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Send an unchanged set, and pass the guards once; needs --reason."
    ),
]


class SimulatorSendMakFiles(CronCommand[SimulatorRequest]):
    """Builds the simulator's files and sends them as one set, if they are news."""

    contract = Contract(
        name="cron:simulator:send-mak-files",
        covers=("CR-013",),
        summary="Send the wheel simulator's files",
        lock="cron.simulator.send-mak-files",
        timeout=timedelta(minutes=30),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable, TransferBroken)),
        idempotency=Idempotency(
            kind=IdempotencyKind.CHECKPOINTED,
            by="transfer_run",
            note="an unchanged set is not sent again",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.VEHICLE_DATA,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.WEBSHOP,),
        priority=Priority.MEDIUM,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:simulator:send-mak-files",
        "bin/console cron:simulator:send-mak-files --dry-run",
        'bin/console cron:simulator:send-mak-files --force --reason "MAK lost the files"',
    )

    def __init__(self, files: SimulatorFiles) -> None:
        self._files = files

    @staticmethod
    def request(*, force: Force = False, reason: str = "") -> SimulatorRequest:
        needs_reason("--force", reason, given=force)
        return SimulatorRequest(force=force, reason=reason)

    def handle(self, request: SimulatorRequest, run: ActiveRun, /) -> Summary:
        return self._files(request, run)
