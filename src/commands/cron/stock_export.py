"""CR-002: export stock and prices to platforms and customers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.stock_export.request import ExportRequest
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
    from domain.jobs.stock_export.service import StockExport as Service

Exports = Annotated[
    list[int] | None,
    typer.Option("--export", metavar="ID", min=1, help="This export only; may be repeated."),
]
Suppliers = Annotated[
    list[int] | None,
    typer.Option(
        "--supplier", metavar="ID", min=1, help="Exports with this supplier's stock; repeatable."
    ),
]
Customers = Annotated[
    list[int] | None,
    typer.Option("--customer", metavar="ID", min=1, help="This customer's exports; repeatable."),
]
Skip = Annotated[
    bool,
    typer.Option("--skip-generation", help="Deliver the last good file again, build nothing."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Pass the guard against lost articles once; needs --reason."),
]


class StockExport(CronCommand[ExportRequest]):
    """Every active export, or those that fit all of --export, --supplier and --customer."""

    contract = Contract(
        name="cron:stock:export",
        covers=("CR-002",),
        summary="Export stock to platforms and customers",
        lock="cron.stock.export",
        timeout=timedelta(minutes=14),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable, TransferBroken)),
        idempotency=Idempotency(
            kind=IdempotencyKind.NATURAL,
            by="equal stock gives equal bytes",
            note="a file is delivered whole",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.PLATFORM_EXPORT,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ERP_MIDDLEWARE,),
        priority=Priority.HIGH,
        expected_min_items=1,
    )
    examples = (
        "bin/console cron:stock:export",
        "bin/console cron:stock:export --export=7 --dry-run",
        "bin/console cron:stock:export --supplier=23 --customer=4711",
        "bin/console cron:stock:export --export=7 --skip-generation",
        'bin/console cron:stock:export --export=7 --force --reason "winter tyres taken out"',
    )
    legacy: ClassVar[dict[str, str]] = {
        "--skipGeneration=0": "",
        "skipGeneration=0": "",
        "--skipGeneration=1": "--skip-generation",
        "skipGeneration=1": "--skip-generation",
        "--skipGeneration": "--skip-generation",
        "skipGeneration": "--skip-generation",
        "supplier=": "--supplier=",
        "customer=": "--customer=",
        "export=": "--export=",
    }

    def __init__(self, exporting: Service) -> None:
        self._exporting = exporting

    @staticmethod
    def request(
        *,
        export: Exports = None,
        supplier: Suppliers = None,
        customer: Customers = None,
        skip_generation: Skip = False,
        force: Force = False,
        reason: str = "",
    ) -> ExportRequest:
        """Read the flags; they narrow each other."""
        needs_reason("--force", reason, given=force)
        if force and skip_generation:
            raise typer.BadParameter("--force is for the guard, which --skip-generation skips too")
        return ExportRequest(
            exports=tuple(export or ()),
            suppliers=tuple(supplier or ()),
            customers=tuple(customer or ()),
            skip_generation=skip_generation,
            force=force,
            reason=reason,
        )

    def handle(self, request: ExportRequest, run: ActiveRun, /) -> Summary:
        return self._exporting(request, run)
