"""CR-008: pull orders from the platforms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from commands.base import CronCommand
from commands.spans import instant
from domain.errors import StoreUnavailable
from domain.jobs.platform_orders.request import PullRequest
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
    from domain.jobs.platform_orders.service import OrderPull

Platforms = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="NAME", help="This platform only; may be repeated."),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Read what changed since then, on one platform."),
]
Until = Annotated[str | None, typer.Option(metavar="INSTANT", help="Read what changed until then.")]
Orders = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="ID", help="This order only, by the platform's key."),
]


class PlatformPullOrders(CronCommand[PullRequest]):
    """Brings what is new on the platforms into the inbox and queues each order."""

    contract = Contract(
        name="cron:platform:pull-orders",
        covers=("CR-008",),
        summary="Pull orders from the platforms",
        lock="cron.platform.pull-orders",
        timeout=timedelta(minutes=10),
        grace=timedelta(seconds=30),
        overlap=Overlap.skip(starved_after=3),
        retry=Retry.thrice(on=(StoreUnavailable,)),
        idempotency=Idempotency(
            kind=IdempotencyKind.KEYED,
            by="platform, external id and version hash",
            note="inbox and queue row in one transaction",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.PLATFORM_EXPORT,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ERP_MIDDLEWARE,),
        priority=Priority.HIGH,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:platform:pull-orders",
        "bin/console cron:platform:pull-orders --platform=shop-de --dry-run",
        "bin/console cron:platform:pull-orders --platform=shop-de --since=2026-11-20",
        "bin/console cron:platform:pull-orders --platform=shop-de --order=4711",
    )
    legacy: ClassVar[dict[str, str]] = {
        "platform=": "--platform=",
        "since=": "--since=",
        "until=": "--until=",
        "order=": "--order=",
    }

    def __init__(self, pull: OrderPull) -> None:
        self._pull = pull

    @staticmethod
    def request(
        *,
        platform: Platforms = None,
        since: Since = None,
        until: Until = None,
        order: Orders = None,
    ) -> PullRequest:
        """Read the flags; a window or an order is one platform's."""
        platforms, orders = tuple(platform or ()), tuple(order or ())
        if not all(orders):
            raise typer.BadParameter("--order is empty: write the platform's key of the order")
        has_window = since is not None or until is not None
        if (has_window or orders) and len(set(platforms)) != 1:
            raise typer.BadParameter("--since, --until and --order need exactly one --platform")
        if orders and has_window:
            raise typer.BadParameter("--order goes without --since and --until")
        return PullRequest(
            platforms=platforms,
            since=instant(since) if since is not None else None,
            until=instant(until) if until is not None else None,
            orders=orders,
        )

    def handle(self, request: PullRequest, run: ActiveRun, /) -> Summary:
        return self._pull(request, run)
