"""CR-012: bring the vehicle data of a source into the shop, in four stages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.vehicle_sync.stages import Stage, SyncRequest
from domain.mail.failures import MailDeferred, MailServerAway
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
    from domain.jobs.vehicle_sync.service import VehicleSync

NoResume = Annotated[
    bool,
    typer.Option("--no-resume", help="Begin a new snapshot, whatever the last run left undone."),
]
Restart = Annotated[
    bool,
    typer.Option("--restart", help="Pull an unfinished snapshot from its first make on again."),
]
FromStage = Annotated[
    Stage | None, typer.Option("--from-stage", help="Begin at this stage of the newest snapshot.")
]
OnlyStage = Annotated[
    Stage | None, typer.Option("--only-stage", help="Do this stage of the newest snapshot alone.")
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Let more vehicles vanish than the guard; needs --reason."),
]


class DriverightSync(CronCommand[SyncRequest]):
    """Pulls, compares, mails what changes, then changes it; goes on where the last run stopped."""

    contract = Contract(
        name="cron:driveright:sync",
        covers=("CR-012",),
        summary="Synchronise the vehicle data",
        lock="cron.driveright.sync",
        timeout=timedelta(minutes=120),
        grace=timedelta(minutes=2),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable, TransferBroken, MailServerAway, MailDeferred)),
        idempotency=Idempotency(
            kind=IdempotencyKind.CHECKPOINTED,
            by="driveright_run",
            note="a run goes on at its failed stage; stages are keyed by snapshot",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.VEHICLE_DATA,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.WEBSHOP,),
        priority=Priority.HIGH,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:driveright:sync",
        "bin/console cron:driveright:sync --dry-run",
        "bin/console cron:driveright:sync --no-resume",
        "bin/console cron:driveright:sync --from-stage=sync",
        'bin/console cron:driveright:sync --force --reason="the source dropped old models"',
    )
    legacy: ClassVar[dict[str, str]] = {
        "--noResume": "--no-resume",
        "--fromStage": "--from-stage",
        "--onlyStage": "--only-stage",
    }

    def __init__(self, sync: VehicleSync) -> None:
        self._sync = sync

    @staticmethod
    def request(
        *,
        no_resume: NoResume = False,
        restart: Restart = False,
        from_stage: FromStage = None,
        only_stage: OnlyStage = None,
        force: Force = False,
        reason: str = "",
    ) -> SyncRequest:
        needs_reason("--force", reason, given=force)
        if from_stage and only_stage:
            raise typer.BadParameter("give either --from-stage or --only-stage")
        later = (only_stage or from_stage) not in (None, Stage.PULL)
        if no_resume and (restart or later):
            raise typer.BadParameter("--no-resume begins a snapshot, which starts at its pull")
        if restart and later:
            raise typer.BadParameter("--restart is about the pull")
        return SyncRequest(
            resume=not no_resume,
            restart=restart,
            from_stage=from_stage,
            only_stage=only_stage,
            force=force,
            reason=reason,
        )

    def handle(self, request: SyncRequest, run: ActiveRun, /) -> Summary:
        return self._sync(request, run)
