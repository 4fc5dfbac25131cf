"""CR-001: put lists of article images on the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand
from domain.errors import StoreUnavailable
from domain.jobs.image_batches.request import LARGEST_BATCH, USUAL_BATCH, BatchRequest
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

if TYPE_CHECKING:  # the service loads in the job's own process
    from domain.jobs.image_batches.service import ImageBatches

BatchSize = Annotated[
    int,
    typer.Option(
        "--batch-size", metavar="N", min=1, max=LARGEST_BATCH, help="Lines in one message."
    ),
]
File = Annotated[
    str | None,
    typer.Option("--file", metavar="PATH", help="Queue this list only, by its path in the inbox."),
]


class ImagesEnqueueBatches(CronCommand[BatchRequest]):
    """Queues what the lists in the inbox ask for; it opens no image."""

    contract = Contract(
        name="cron:images:enqueue-batches",
        covers=("CR-001",),
        summary="Enqueue article image batches",
        lock="cron.images.enqueue",
        timeout=timedelta(minutes=10),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=3),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.KEYED,
            by="sha256 of the file and batch number",
            note="a batch is queued once",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.WEBSHOP_ADMIN, Owner.STOCK_IMPORT),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.WEBSHOP,),
        priority=Priority.MEDIUM,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:images:enqueue-batches",
        "bin/console cron:images:enqueue-batches --dry-run",
        "bin/console cron:images:enqueue-batches --file=failed/20261121_images_tyres.csv",
        "bin/console cron:images:enqueue-batches --batch-size=20",
    )

    def __init__(self, batches: ImageBatches) -> None:
        self._batches = batches

    @staticmethod
    def request(*, batch_size: BatchSize = USUAL_BATCH, file: File = None) -> BatchRequest:
        return BatchRequest(batch_size=batch_size, file=file)

    def handle(self, request: BatchRequest, run: ActiveRun, /) -> Summary:
        return self._batches(request, run)
