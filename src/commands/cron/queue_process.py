"""CR-006: process the general queue, or another one."""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand
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
from domain.queue.job import Direction
from domain.queue.process_request import ProcessRequest

if TYPE_CHECKING:  # the service loads in the job's own process
    from domain.queue.processing import QueueProcessing

MOST_WORKERS = 64


class Directions(StrEnum):
    """Which messages to process by where they go."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    BOTH = "both"


Queue = Annotated[str, typer.Option("--queue", metavar="NAME", help="Process this queue.")]
Way = Annotated[
    Directions, typer.Option("--direction", help="Process one direction; incoming goes first.")
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Process this message type only; repeatable."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=MOST_WORKERS,
        help="Handle so many at a time, not as many as config/queues.toml says.",
    ),
]
MaxJobs = Annotated[
    int | None,
    typer.Option("--max-jobs", metavar="N", min=1, help="Stop after so many messages."),
]
MaxSeconds = Annotated[
    float,
    typer.Option(
        "--max-seconds", metavar="S", min=0, max=60, help="Take no message later than that."
    ),
]
StopWhenEmpty = Annotated[
    bool, typer.Option("--stop-when-empty", help="End when nothing is due, not when time is up.")
]
ForceRestart = Annotated[
    bool,
    typer.Option(
        "--force-restart",
        help="Put back first, at once, what dead workers left in flight; needs --reason.",
    ),
]
IncludingLive = Annotated[
    bool,
    typer.Option(
        "--including-live", help="With --force-restart: also what is being worked on right now."
    ),
]


class QueueProcess(CronCommand[ProcessRequest]):
    """Claims, handles and settles messages until its time is over."""

    contract = Contract(
        name="cron:queue:process",
        covers=("CR-006",),
        summary="Process the general queue",
        lock="cron.queue.process.{queue}",
        # 60 s of claiming, at most, and 600 s for the last message; a minute more for its end.
        timeout=timedelta(minutes=12),
        grace=timedelta(minutes=1),
        overlap=Overlap.skip(starved_after=15),
        retry=Retry.never(),
        idempotency=Idempotency(
            kind=IdempotencyKind.KEYED,
            by="msg:{id}",
            note="A message is settled once, by its claim number.",
        ),
        catch_up=CatchUp.none(),
        destructive=False,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.PLATFORM_EXPORT, Owner.STOCK_IMPORT),
        priority=Priority.HIGH,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:queue:process",
        "bin/console cron:queue:process --direction=outgoing --workers=4",
        "bin/console cron:queue:process --stop-when-empty --max-jobs=100 --type=images.update",
        "bin/console cron:queue:process --dry-run",
        'bin/console cron:queue:process --force-restart --reason="host shop-2 is off"',
    )

    def __init__(self, processing: QueueProcessing) -> None:
        self._processing = processing

    @staticmethod
    def request(  # noqa: PLR0913 - each one is an option on the command line
        *,
        queue: Queue = "general",
        direction: Way = Directions.BOTH,
        types: Types = None,
        workers: Workers = None,
        max_jobs: MaxJobs = None,
        max_seconds: MaxSeconds = 50.0,
        stop_when_empty: StopWhenEmpty = False,
        force_restart: ForceRestart = False,
        including_live: IncludingLive = False,
        reason: str = "",
    ) -> ProcessRequest:
        """Read the flags."""
        if math.isnan(max_seconds):  # within every range, and never over
            raise typer.BadParameter("--max-seconds nan: give a number of seconds from 0 to 60")
        if force_restart and not reason.strip():
            raise typer.BadParameter("--force-restart needs a --reason")
        if including_live and not force_restart:
            raise typer.BadParameter("--including-live needs --force-restart")
        return ProcessRequest(
            queue=queue,
            direction=None if direction is Directions.BOTH else Direction(direction),
            types=tuple(types or ()),
            workers=workers,
            max_jobs=max_jobs,
            max_seconds=max_seconds,
            stop_when_empty=stop_when_empty,
            force_restart=force_restart,
            including_live=including_live,
            reason=reason,
        )

    def handle(self, request: ProcessRequest, run: ActiveRun, /) -> Summary:
        return self._processing(request, run)
