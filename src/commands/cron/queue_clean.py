"""CR-005: delete queue messages that ended longer ago than they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand, needs_reason
from commands.spans import span
from domain.errors import StoreUnavailable
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
from domain.queue.cleaning import CleanRequest

if TYPE_CHECKING:  # the service loads in the job's own process
    from domain.queue.cleaning import QueueCleaning

OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than",
        metavar="SPAN",
        help="Delete what was processed longer ago: 14d, 36h; less than is set needs --force.",
    ),
]
Queue = Annotated[
    str | None, typer.Option("--queue", metavar="NAME", help="Clean this queue only.")
]
MaxRows = Annotated[
    int | None,
    typer.Option("--max-rows", metavar="N", min=1, help="Delete so many messages at most."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Pass the guards against deleting too much; needs --reason."),
]


class QueueClean(CronCommand[CleanRequest]):
    """Deletes old messages by batches, beside whatever works on the queue."""

    contract = Contract(
        name="cron:queue:clean",
        covers=("CR-005",),
        summary="Delete old processed queue rows",
        lock="cron.queue.clean",
        timeout=timedelta(minutes=15),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=3),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.NATURAL,
            by="a deleted row stays deleted",
            note="small committed batches",
        ),
        catch_up=CatchUp.none(),
        destructive=True,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.PLATFORM_EXPORT, Owner.STOCK_IMPORT),
        priority=Priority.HIGH,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:queue:clean",
        "bin/console cron:queue:clean --dry-run",
        "bin/console cron:queue:clean --older-than=30d --queue=general --max-rows=100000",
        'bin/console cron:queue:clean --force --reason="first run on the legacy rows"',
    )

    def __init__(self, cleaning: QueueCleaning) -> None:
        self._cleaning = cleaning

    @staticmethod
    def request(
        *,
        older_than: OlderThan = None,
        queue: Queue = None,
        max_rows: MaxRows = None,
        force: Force = False,
        reason: str = "",
    ) -> CleanRequest:
        needs_reason("--force", reason, given=force)
        return CleanRequest(
            older_than=span("--older-than", older_than) if older_than is not None else None,
            queue=queue,
            max_rows=max_rows,
            force=force,
            reason=reason,
        )

    def handle(self, request: CleanRequest, run: ActiveRun, /) -> Summary:
        return self._cleaning(request, run)
