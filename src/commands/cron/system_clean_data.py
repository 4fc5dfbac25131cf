"""CR-011: delete stale entries of the article caches, with an account of each operation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand, needs_reason
from domain.errors import StoreUnavailable
from domain.jobs.system_cleaning.request import OPERATIONS, SystemRequest
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
    from domain.jobs.system_cleaning.service import SystemCleaning

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="NAME", help=f"This operation only, repeatable: {', '.join(OPERATIONS)}."
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Pass the guards against deleting too much; needs --reason."),
]


class SystemCleanData(CronCommand[SystemRequest]):
    """Deletes what is stale in the article caches; the shop fills them again by itself."""

    contract = Contract(
        name="cron:system:clean-data",
        covers=("CR-011",),
        summary="Clean the article search caches",
        lock="cron.system.clean-data",
        timeout=timedelta(minutes=30),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.NATURAL,
            by="a deleted row stays deleted",
            note="one audit row per operation",
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
        "bin/console cron:system:clean-data",
        "bin/console cron:system:clean-data --dry-run",
        "bin/console cron:system:clean-data --only=article-search-cache",
    )

    def __init__(self, cleaning: SystemCleaning) -> None:
        self._cleaning = cleaning

    @staticmethod
    def request(*, only: Only = None, force: Force = False, reason: str = "") -> SystemRequest:
        needs_reason("--force", reason, given=force)
        if strangers := sorted(set(only or ()) - set(OPERATIONS)):
            raise typer.BadParameter(f"--only {strangers[0]}: choose from {', '.join(OPERATIONS)}")
        return SystemRequest(only=tuple(only or ()), force=force, reason=reason)

    def handle(self, request: SystemRequest, run: ActiveRun, /) -> Summary:
        return self._cleaning(request, run)
