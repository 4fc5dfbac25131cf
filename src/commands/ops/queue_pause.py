"""queue:pause, queue:resume and queue:own: whether a queue is worked off, and by whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, ClassVar

import typer

from commands.ops.queue_words import Why, accounted, time_words
from commands.result import Text
from commands.spans import instant, span
from domain.queue.dao import QueueDAO
from domain.queue.listing import QueueListing

Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue.")]
Type = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Of it this message type only.")
]


class Owner(StrEnum):
    """The two sides that may work a queue off."""

    CRONTRACT = "crontract"
    LEGACY = "legacy"


class Places:
    """Which queues and types there are; a typing error must not pause nothing at all."""

    def __init__(self, listing: QueueListing, queues: Sequence[str], types: Sequence[str]) -> None:
        self._listing, self._queues, self._types = listing, queues, types

    def check(self, queue: str, type_: str | None = None) -> None:
        """Raise BadParameter for a queue, or a type in it, that nobody knows."""
        known("queue", queue, {*self._queues, *self._listing.queues()})
        if type_ is not None:
            known("message type", type_, {*self._types, *self._listing.types(queue)})

    def doubts(self, queue: str | None, type_: str | None) -> Sequence[str]:
        """Say which of them nobody knows."""
        queues = {*self._queues, *self._listing.queues()}
        types = {*self._types, *(one for name in queues for one in self._listing.types(name))}
        asked = (("queue", queue, queues), ("message type", type_, types))
        return [
            unknown(kind, name, names) for kind, name, names in asked if name and name not in names
        ]


def known(kind: str, name: str, names: Collection[str]) -> None:
    """Raise BadParameter for a name that is none of these, with the nearest one."""
    if name not in names:
        raise typer.BadParameter(unknown(kind, name, names))


def unknown(kind: str, name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=1)
    guess = f", did you mean {near[0]}?" if near else ""
    every = ", ".join(sorted(names)) or "none"
    return f"no {kind} is called {name}{guess} (known: {every})"


class QueuePause:
    """Stops a queue, or one type of its messages, from being taken; what is begun goes on."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:pause general --for=2h --reason='the partner is away'",
        "bin/console queue:pause general --until=2099-12-01T06:00:00Z --reason='stocktaking'",
        "bin/console queue:pause general --type=images.update --reason='the disk is full'",
    )

    def __init__(self, dao: QueueDAO, listing: QueueListing, places: Places, actor: str) -> None:
        self._dao, self._listing, self._places, self._actor = dao, listing, places, actor

    def __call__(
        self,
        *,
        queue: Queue,
        type_: Type = None,
        until: Annotated[
            str | None, typer.Option(metavar="INSTANT", help="Ends by itself at this time.")
        ] = None,
        for_: Annotated[
            str | None, typer.Option("--for", metavar="SPAN", help="Ends by itself: 90m, 2h, 1d.")
        ] = None,
        reason: Why,
    ) -> Text:
        why = accounted(self._actor, reason)
        self._places.check(queue, type_)
        end = self._end(until, for_)
        self._dao.pause(queue, type_, why, end)
        ends = f"until {time_words(end)} UTC" if end else "until it is resumed"
        place = f"type {type_} of {queue}" if type_ else f"queue {queue}"
        data = {"queue": queue, "type": type_, "paused": True}
        return Text(
            text=f"{place} is paused {ends}; what is begun goes on",
            data={**data, "until": time_words(end) if end else None},
        )

    def _end(self, until: str | None, for_: str | None) -> datetime | None:
        if until and for_:
            raise typer.BadParameter("give either --until or --for")
        now = self._listing.now()
        end = instant(until) if until else now + span("--for", for_) if for_ else None
        if end and end <= now:
            raise typer.BadParameter(f"--until {until} is past")
        return end


class QueueResume:
    """Lifts a pause of a queue, or of one type of its messages."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:resume general --reason='the partner is back'",
        "bin/console queue:resume general --type=images.update --reason='there is room again'",
    )

    def __init__(self, dao: QueueDAO, listing: QueueListing, places: Places, actor: str) -> None:
        self._dao, self._listing, self._places, self._actor = dao, listing, places, actor

    def __call__(self, *, queue: Queue, type_: Type = None, reason: Why) -> Text:
        why = accounted(self._actor, reason)
        self._places.check(queue, type_)
        lifted = self._dao.resume(queue, type_, why)
        place = f"type {type_} of {queue}" if type_ else f"queue {queue}"
        others = [
            f"type {one.type}" if one.type else "the whole queue"
            for one in self._listing.barriers()
            if one.queue == queue
        ]
        still = f"; still paused: {', '.join(others)}" if others else ""
        state = "is resumed" if lifted else "was not paused"
        data = {"queue": queue, "type": type_, "resumed": lifted}
        return Text(text=f"{place} {state}{still}", data=data)


class QueueOwn:
    """Gives a queue to one of the two sides; the other then leaves it alone."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:own general --by=legacy --reason='roll-back, ticket 4711'",
        "bin/console queue:own general --by=crontract --reason='roll-out of the mails'",
    )

    def __init__(self, dao: QueueDAO, places: Places, actor: str) -> None:
        self._dao, self._places, self._actor = dao, places, actor

    def __call__(
        self,
        *,
        queue: Queue,
        by: Annotated[Owner, typer.Option(help="Who works it off from now on.")],
        reason: Why,
    ) -> Text:
        why = accounted(self._actor, reason)
        self._places.check(queue)
        self._dao.own(queue, by.value, why)
        return Text(
            text=f"queue {queue} is worked off by {by.value}; what the other side began goes on",
            data={"queue": queue, "owner": by.value},
        )
