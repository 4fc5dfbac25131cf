"""CR-014: remove session files that nobody used for longer than the retention."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand
from commands.spans import span
from domain.jobs.session_purge.request import PurgeRequest
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
    from domain.jobs.session_purge.service import SessionPurge

MaxAge = Annotated[
    str | None,
    typer.Option(
        "--max-age",
        metavar="SPAN",
        help="Remove what was last used longer ago: 90m, 36h; not below session.gc_maxlifetime.",
    ),
]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="FOLDER", help="Only this configured folder; repeatable."),
]


class SessionsPurge(CronCommand[PurgeRequest]):
    """Removes expired session files, and nothing else, whatever happens beside it."""

    contract = Contract(
        name="cron:sessions:purge",
        covers=("CR-014",),
        summary="Remove expired session files",
        lock="cron.sessions.purge",
        timeout=timedelta(minutes=20),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=3),
        retry=Retry.never(),
        idempotency=Idempotency(
            kind=IdempotencyKind.NATURAL,
            by="a removed file stays removed",
            note="age is checked at the unlink",
        ),
        catch_up=CatchUp.none(),
        destructive=True,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ALL_ISLANDS,),
        priority=Priority.LOW,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:sessions:purge",
        "bin/console cron:sessions:purge --dry-run",
        "bin/console cron:sessions:purge --max-age=36h --path=/var/lib/php/sessions",
    )

    def __init__(self, purge: SessionPurge) -> None:
        self._purge = purge

    @staticmethod
    def request(*, max_age: MaxAge = None, path: Paths = None) -> PurgeRequest:
        return PurgeRequest(
            max_age=span("--max-age", max_age) if max_age is not None else None,
            paths=tuple(path or ()),
        )

    def handle(self, request: PurgeRequest, run: ActiveRun, /) -> Summary:
        return self._purge(request, run)
