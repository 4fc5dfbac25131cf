"""CR-004: count the page hits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand
from domain.errors import StoreUnavailable
from domain.jobs.page_counters.request import CountRequest
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
    from domain.jobs.page_counters.service import PageCounters

_MOST_ID = 2**63 - 1
RebuildFrom = Annotated[
    str | None,
    typer.Option(
        "--rebuild-from", metavar="YYYY-MM-DD", help="Count whole days anew, from this one on."
    ),
]
FromId = Annotated[
    int | None,
    typer.Option(
        "--from-id", metavar="ID", min=0, max=_MOST_ID, help="Count what stands behind this hit."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Count days anew of which hits are gone; needs a --reason.")
]


_FIRST_DAY = date(2000, 1, 1)


class DwhUpdateCounters(CronCommand[CountRequest]):
    """Counts new hits in one transaction with the place up to which they are counted."""

    contract = Contract(
        name="cron:dwh:update-counters",
        covers=("CR-004",),
        summary="Update the page hit counters",
        lock="cron.dwh.counters",
        timeout=timedelta(minutes=10),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=6),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.CHECKPOINTED,
            by="dwh_watermark",
            note="counters and watermark move in one transaction",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ALL_ISLANDS,),
        priority=Priority.LOW,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:dwh:update-counters",
        "bin/console cron:dwh:update-counters --dry-run",
        "bin/console cron:dwh:update-counters --rebuild-from=2026-11-01",
        'bin/console cron:dwh:update-counters --from-id=0 --reason="the table was emptied"',
    )

    def __init__(self, counters: PageCounters) -> None:
        self._counters = counters

    @staticmethod
    def request(
        *,
        rebuild_from: RebuildFrom = None,
        from_id: FromId = None,
        force: Force = False,
        reason: str = "",
    ) -> CountRequest:
        if (force or from_id is not None) and not reason.strip():
            raise typer.BadParameter("--force and --from-id need a --reason")
        return CountRequest(
            rebuild_from=_day(rebuild_from) if rebuild_from is not None else None,
            from_id=from_id,
            force=force,
            reason=reason,
        )

    def handle(self, request: CountRequest, run: ActiveRun, /) -> Summary:
        return self._counters(request, run)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--rebuild-from {text}: write YYYY-MM-DD") from error
    if day < _FIRST_DAY:
        raise typer.BadParameter(f"--rebuild-from {text}: no hit is older than {_FIRST_DAY}")
    return day
