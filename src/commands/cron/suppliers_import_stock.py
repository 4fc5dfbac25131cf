"""CR-009, CR-010: import supplier stock, every active supplier or one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.supplier_import.failures import FeedChanged, FeedUnavailable
from domain.jobs.supplier_import.request import ImportRequest
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
    from domain.jobs.supplier_import.service import SupplierImport

Every = Annotated[bool, typer.Option("--all", help="Import every active supplier.")]
Supplier = Annotated[
    int | None, typer.Option("--supplier", metavar="ID", min=1, help="Import this supplier only.")
]
Anyway = Annotated[
    bool,
    typer.Option("--update-anyway", help="Import the last file again, though it is known."),
]
File = Annotated[
    str | None,
    typer.Option("--file", metavar="PATH", help="Import this file instead of the newest one."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Pass the guards against lost stock once; needs --reason."),
]


class SuppliersImportStock(CronCommand[ImportRequest]):
    """Import supplier stock: --all, or --supplier ID."""

    contract = Contract(
        name="cron:suppliers:import-stock",
        covers=("CR-009", "CR-010"),
        summary="Import supplier stock, every active supplier or one",
        lock="cron.suppliers.import.{scope}",
        timeout=timedelta(minutes=30),
        grace=timedelta(seconds=60),
        overlap=Overlap.skip(starved_after=6),
        retry=Retry.thrice(on=(FeedChanged, FeedUnavailable, StoreUnavailable, TransferBroken)),
        idempotency=Idempotency(
            kind=IdempotencyKind.CHECKPOINTED,
            by="import_run",
            note="A file whose content is already in is put away unread; a rerun does the rest.",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.STOCK_IMPORT,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.WEBSHOP,),
        priority=Priority.HIGH,
        expected_min_items=1,
    )
    examples = (
        "bin/console cron:suppliers:import-stock --all",
        "bin/console cron:suppliers:import-stock --supplier=23 --dry-run",
        "bin/console cron:suppliers:import-stock --supplier=23 --update-anyway",
        'bin/console cron:suppliers:import-stock --supplier=23 --force --reason "range halved"',
    )
    legacy: ClassVar[dict[str, str]] = {
        "--updateAnyway=1": "--update-anyway",
        "updateAnyway=1": "--update-anyway",
        "--updateAnyway": "--update-anyway",
        "updateAnyway": "--update-anyway",
        "supplier=": "--supplier=",
    }

    def __init__(self, importer: SupplierImport) -> None:
        self._importer = importer

    @staticmethod
    def request(
        *,
        every: Every = False,
        supplier: Supplier = None,
        update_anyway: Anyway = False,
        file: File = None,
        force: Force = False,
        reason: str = "",
    ) -> ImportRequest:
        """Read the flags; exactly one of --all and --supplier is needed."""
        if every == (supplier is not None):
            raise typer.BadParameter("give either --all or --supplier ID")
        if file is not None and supplier is None:
            raise typer.BadParameter("--file needs --supplier ID")
        needs_reason("--force", reason, given=force)
        return ImportRequest(
            supplier=supplier,
            update_anyway=update_anyway,
            file=file,
            force=force,
            reason=reason,
        )

    def handle(self, request: ImportRequest, run: ActiveRun, /) -> Summary:
        return self._importer(request, run)
