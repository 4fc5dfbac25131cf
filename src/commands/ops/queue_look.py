"""queue:list and queue:show: what is in the queue, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, ClassVar

import typer

from commands.ops.queue_pause import Places, unknown
from commands.ops.queue_words import (
    KNOWN,
    MOST_ID,
    next_steps,
    readable_payload,
    since_when,
    span_words,
    time_words,
    time_words_or_none,
)
from commands.result import Cell, Facts, Table
from domain.queue.ageing import aged_priority
from domain.queue.job import CrashReason, Status
from domain.queue.listing import Listed, QueueListing, Search

MOST_SHOWN = 10_000


class QueueList:
    """Lists messages: the newest first; of those that wait, the next in turn first."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:list --status=NEW",
        "bin/console queue:list --status=CRASH --reason=exhausted --since=2h",
        "bin/console queue:list --fingerprint=5f2d41b0c3a97e68 --limit=100",
        "bin/console queue:list --entity=article:4711 --format=json",
    )

    def __init__(self, listing: QueueListing, places: Places) -> None:
        self._listing, self._places = listing, places

    def __call__(  # noqa: PLR0913 - each one is an option on the command line
        self,
        *,
        queue: Annotated[str | None, typer.Option(metavar="NAME", help="Of this queue.")] = None,
        status: Annotated[
            str | None, typer.Option(metavar="WORD", help=f"{', '.join(sorted(KNOWN))}, or other.")
        ] = None,
        type_: Annotated[
            str | None, typer.Option("--type", metavar="TYPE", help="Of this message type.")
        ] = None,
        reason: Annotated[CrashReason | None, typer.Option(help="Crashed for this reason.")] = None,
        fingerprint: Annotated[
            str | None, typer.Option(metavar="HEX", help="With the same error, numbers aside.")
        ] = None,
        entity: Annotated[
            str | None, typer.Option(metavar="KEY", help="With this entity key.")
        ] = None,
        since: Annotated[
            str | None, typer.Option(metavar="WHEN", help="Created since: an instant, or 2h ago.")
        ] = None,
        limit: Annotated[
            int, typer.Option(metavar="N", min=1, max=MOST_SHOWN, help="How many messages.")
        ] = 20,
    ) -> Table:
        now = self._listing.now()
        search = Search(
            queue=queue,
            status=status.upper() if status else None,
            type=type_,
            crash_reason=reason.value if reason else None,
            fingerprint=fingerprint,
            entity_key=entity,
            since=since_when(since, now) if since else None,
        )
        found = self._listing.search(search, limit)
        return Table(
            columns=(
                *("id", "queue", "type", "direction", "status", "priority", "now"),
                *("created (UTC)", "attempts", "entity", "fingerprint", "error"),
            ),
            rows=[_row(message, now) for message in found],
            notes=(f"the first {limit}; --limit=N shows more",) if len(found) == limit else (),
            empty="" if found else "; ".join(["no such message", *self._doubts(search)]),
        )

    def _doubts(self, search: Search) -> Sequence[str]:
        """Name the words that nobody knows: nothing found for a typing error is no good news."""
        word = search.status
        status = [unknown("status", word, KNOWN)] if word and word not in KNOWN else []
        return [*status, *self._places.doubts(search.queue, search.type)]


def _row(message: Listed, now: datetime) -> Sequence[Cell]:
    waits = message.status == Status.NEW
    error = (message.error or "").partition("\n")[0]
    return (
        message.id,
        message.queue,
        message.type,
        message.direction,
        f"{message.status} ({message.crash_reason})" if message.crash_reason else message.status,
        message.priority,
        aged_priority(message, now) if waits else None,
        time_words(message.created_at),
        f"{message.attempts}/{message.max_attempts}",
        message.entity_key,
        message.fingerprint,
        error[:200],
    )


class QueueShow:
    """Shows one message whole: its row, its history, and what can be done next."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console queue:show 4711",)

    def __init__(self, listing: QueueListing, scrub: Callable[[str], str]) -> None:
        self._listing, self._scrub = listing, scrub

    def __call__(
        self,
        message_id: Annotated[
            int, typer.Argument(metavar="ID", min=1, max=MOST_ID, help="The message.")
        ],
    ) -> Facts:
        message = self._listing.find([message_id]).get(message_id)
        if message is None:
            raise typer.BadParameter(f"there is no message {message_id}; see queue:list")
        now = self._listing.now()
        steps = next_steps(message, now, self._in_the_way(message))
        return Facts(
            title=f"message {message.id}: {message.status}",
            facts=_facts(message, now),
            tables=(self._history(message_id),),
            texts={
                "payload": readable_payload(self._scrub(message.payload)),
                **({"error": message.error} if message.error else {}),
                "what can be done": "\n".join(steps),
            },
        )

    def _in_the_way(self, message: Listed) -> Sequence[str]:
        """Say why a waiting message is not taken."""
        paused = [
            f"{'type ' + one.type if one.type else 'the queue'} is paused by {one.actor}:"
            f" {one.reason}"
            for one in self._listing.barriers()
            if one.queue == message.queue and one.type in ("", message.type)
        ]
        legacy = [
            f"the queue is the legacy side's: {one.reason}"
            for one in self._listing.owners()
            if one.queue == message.queue and one.owner == "legacy"
        ]
        return [*paused, *legacy]

    def _history(self, message_id: int) -> Table:
        """List its moves; of an error the first line, as its traceback stands below."""
        return Table(
            title="history",
            columns=("at (UTC)", "move", "by", "run", "detail"),
            rows=[
                (time_words(one.at), one.move, one.actor, one.run_id, one.detail.partition("\n")[0])
                for one in self._listing.history(message_id)
            ],
            empty="nothing befell it",
        )


def _facts(message: Listed, now: datetime) -> dict[str, Cell]:
    """Give the row's columns but its texts; instants are UTC."""
    return {
        "queue": message.queue,
        "type": message.type,
        "direction": message.direction,
        "status": message.status,
        "crash reason": message.crash_reason,
        "fingerprint": message.fingerprint,
        "since": f"{time_words(message.status_since)} ({span_words(now - message.status_since)})",
        "available": time_words(message.available_at),
        "priority": message.priority,
        "counts as": aged_priority(message, now) if message.status == Status.NEW else None,
        "entity key": message.entity_key,
        "dedupe key": message.dedupe_key,
        "attempts": f"{message.attempts} of {message.max_attempts}",
        "rescues": message.rescues,
        "first rescue": time_words_or_none(message.first_rescue_at),
        "given back": message.give_backs,
        "claim": message.claim_no,
        "run": message.run_id,
        "lease until": time_words_or_none(message.lease_until),
        "created": time_words(message.created_at),
        "created by": message.created_by,
        "finished": time_words_or_none(message.finished_at),
        "correlation id": message.correlation_id,
    }
