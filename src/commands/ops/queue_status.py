"""queue:status: what waits, is in flight and has crashed, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar

import typer

from commands.ops.queue_pause import known
from commands.ops.queue_words import KNOWN, span_words, time_words, time_words_or_none
from commands.result import Cell, Facts, Table
from domain.queue.listing import Barrier, Ownership, QueueListing, Standing

COUNTERS = ("to:PROCESSED", "cleaned", "stale_restarts", "stale_settles", "foreign_moves")
"""Shown in this order, before any others."""


class QueueStatus:
    """Sums the queues up: what waits, is in flight and has crashed, and what stands in the way."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:status",
        "bin/console queue:status --queue=general --format=json",
    )

    def __init__(self, listing: QueueListing, declared: Sequence[str]) -> None:
        self._listing, self._declared = listing, declared

    def __call__(
        self,
        queue: Annotated[
            str | None, typer.Option(metavar="NAME", help="This queue only; else all.")
        ] = None,
    ) -> Facts:
        now = self._listing.now()
        names = sorted({*self._declared, *self._listing.queues()})
        if queue:
            known("queue", queue, {*names, *(name for name, _ in self._listing.counters())})
            names = [queue]
        standings = [one for name in names for one in self._listing.standings(name)]
        barriers = [one for one in self._listing.barriers() if one.queue in names]
        owners = [one for one in self._listing.owners() if one.queue in names]
        tables = (
            _standing_table(standings, now),
            _barrier_table(barriers, now),
            _owner_table(owners),
            self._counter_table(names),
        )
        return Facts(
            title="queues: " + (", ".join(names) or "none"),
            facts=_warnings(standings, names, self._declared),
            tables=tables,
        )

    def _counter_table(self, names: Sequence[str]) -> Table:
        found = self._listing.counters()
        others = sorted({name for _, name in found} - set(COUNTERS))
        return Table(
            title="counted so far",
            columns=("queue", *COUNTERS, *others),
            rows=[
                (queue, *(found.get((queue, name), 0) for name in (*COUNTERS, *others)))
                for queue in names
            ],
        )


def _warnings(
    standings: Sequence[Standing], names: Sequence[str], declared: Sequence[str]
) -> dict[str, Cell]:
    strange = [one for one in standings if one.status not in KNOWN]
    words = ", ".join(f"{one.messages} x {one.status} in {one.queue}" for one in strange)
    undeclared = ", ".join(name for name in names if name not in declared)
    told = {
        "UNKNOWN STATUS": f"{words}: nobody works on these; queue:list --status=…" if words else "",
        "not declared": f"{undeclared}: config/queues.toml has no such queue" if undeclared else "",
    }
    return {name: text for name, text in told.items() if text}


def _standing_table(standings: Sequence[Standing], now: datetime) -> Table:
    return Table(
        title="messages",
        columns=("queue", "direction", "status", "messages", "oldest (UTC)", "for"),
        rows=[
            (
                one.queue,
                one.direction,
                one.status if one.status in KNOWN else f"{one.status} (unknown)",
                one.messages,
                time_words_or_none(one.oldest),
                span_words(now - one.oldest) if one.oldest else None,
            )
            for one in standings
        ],
        empty="nothing waits, is in flight or has crashed",
    )


def _barrier_table(barriers: Sequence[Barrier], now: datetime) -> Table:
    return Table(
        title="paused",
        columns=("queue", "type", "by", "since (UTC)", "until (UTC)", "left", "why"),
        rows=[
            (
                one.queue,
                one.type or "(all)",
                one.actor,
                time_words(one.since),
                time_words(one.until) if one.until else "resumed",
                span_words(one.until - now) if one.until else None,
                one.reason,
            )
            for one in barriers
        ],
        empty="nothing is paused",
    )


def _owner_table(owners: Sequence[Ownership]) -> Table:
    return Table(
        title="owners",
        columns=("queue", "owner", "by", "since (UTC)", "why"),
        rows=[(o.queue, o.owner, o.actor, time_words(o.since), o.reason) for o in owners],
        empty="every queue is Crontract's own",
    )
