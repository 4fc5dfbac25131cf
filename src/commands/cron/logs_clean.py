"""CR-007: delete rows of the update log that are older than they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.log_cleaning.request import LogRequest
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
    from domain.jobs.log_cleaning.service import LogCleaning

Days = Annotated[
    int | None,
    typer.Option(
        "--days",
        metavar="N",
        min=1,
        max=36_500,
        help="Delete what is older than N days; less than is set needs --force.",
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Pass the guards against deleting too much; needs --reason."),
]


class LogsClean(CronCommand[LogRequest]):
    """Deletes old log rows by batches, beside whatever writes the log."""

    contract = Contract(
        name="cron:logs:clean",
        covers=("CR-007",),
        summary="Delete old update log rows",
        lock="cron.logs.clean",
        timeout=timedelta(minutes=30),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.NATURAL,
            by="a deleted row stays deleted",
            note="small committed batches; an archive is settled by its rows",
        ),
        catch_up=CatchUp.none(),
        destructive=True,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ALL_ISLANDS,),
        priority=Priority.MEDIUM,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:logs:clean",
        "bin/console cron:logs:clean --dry-run",
        "bin/console cron:logs:clean --days=365",
        'bin/console cron:logs:clean --force --reason="first run on the legacy rows"',
    )

    def __init__(self, cleaning: LogCleaning) -> None:
        self._cleaning = cleaning

    @staticmethod
    def request(*, days: Days = None, force: Force = False, reason: str = "") -> LogRequest:
        needs_reason("--force", reason, given=force)
        return LogRequest(days=days, force=force, reason=reason)

    def handle(self, request: LogRequest, run: ActiveRun, /) -> Summary:
        return self._cleaning(request, run)
