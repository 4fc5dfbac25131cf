"""orders:list, orders:show and orders:requeue: the inbox of orders by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from commands.ops.queue_words import MOST_ID, Why, accounted, time_words
from commands.result import Table, Text
from domain.operating.run import ExitCode
from domain.platforms.desk import MOST_LISTED, OrderDesk

STATUSES = ("NEW", "PROCESSED", "SUPERSEDED", "QUARANTINE")


class OrdersList:
    """Lists what came from the platforms, the newest first."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console orders:list --status=QUARANTINE",
        "bin/console orders:list --platform=shop-de --limit=20",
    )

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def __call__(
        self,
        platform: Annotated[
            str | None, typer.Option(metavar="NAME", help="Of this platform.")
        ] = None,
        status: Annotated[
            str | None, typer.Option(metavar="STATUS", help=f"{', '.join(STATUSES)}.")
        ] = None,
        limit: Annotated[
            int, typer.Option(metavar="N", min=1, max=10_000, help="How many.")
        ] = MOST_LISTED,
    ) -> Table:
        if status is not None and status.upper() not in STATUSES:
            raise typer.BadParameter(f"--status {status}: write one of {', '.join(STATUSES)}")
        found = self._desk.listed(platform=platform, status=status and status.upper(), limit=limit)
        return Table(
            columns=("id", "platform", "order", "received (UTC)", "status", "reason"),
            rows=[
                (
                    o.inbox_id,
                    o.platform,
                    o.external_id,
                    time_words(o.received_at),
                    o.status,
                    o.reason,
                )
                for o in found
            ],
            empty="no such order is in the inbox",
        )


class OrdersShow:
    """Shows one version of an order as the platform wrote it."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console orders:show 4711",)

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def __call__(
        self,
        inbox_id: Annotated[
            int, typer.Argument(metavar="ID", min=1, max=MOST_ID, help="As orders:list gives it.")
        ],
    ) -> Text:
        found = self._desk.find(inbox_id)
        if found is None:
            raise typer.BadParameter(f"no order {inbox_id} is in the inbox; orders:list shows them")
        head = {
            "order": f"{found.external_id} of {found.platform}",
            "received": f"{time_words(found.received_at)} UTC by run {found.run_id}",
            "format": found.format,
            "version": found.version,
            "status": f"{found.status}  {found.reason}".rstrip(),
        }
        lines = [f"{name:<9} {said}" for name, said in head.items()]
        return Text(text="\n".join([*lines, "", found.raw]))


class OrdersRequeue:
    """Queues orders that are in quarantine once more, after what was wrong was mended."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console orders:requeue 4711 4712 --reason='the release reads epochs'",
    )

    def __init__(self, desk: OrderDesk, actor: str) -> None:
        self._desk, self._actor = desk, actor

    def __call__(
        self,
        ids: Annotated[
            list[int], typer.Argument(metavar="ID…", min=1, max=MOST_ID, help="The orders.")
        ],
        reason: Why,
    ) -> Table:
        why = accounted(self._actor, reason)
        done = self._desk.requeue(ids, actor=why.actor, reason=why.reason)
        code = ExitCode.OK if len(done) == len(ids) else ExitCode.PARTIAL
        return Table(
            columns=("id", "result"),
            rows=[(one, "queued" if one in done else "not in quarantine") for one in ids],
            notes=(f"{len(done)} of {len(ids)} queued",),
            exit_code=int(code if done else ExitCode.FAILED),
        )
