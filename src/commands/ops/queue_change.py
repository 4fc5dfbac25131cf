"""queue:prioritize, queue:cancel and queue:reset: messages changed by hand, one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar

import typer

from commands.ops.queue_words import MOST_ID, Why, accounted, since_when, time_words
from commands.result import Table
from domain.operating.run import ExitCode
from domain.queue.by_hand import ByHand, Told
from domain.queue.job import FIRST, LAST, Status
from domain.queue.listing import QueueListing, Search

Ids = Annotated[list[int], typer.Argument(metavar="ID…", min=1, max=MOST_ID, help="The messages.")]

Ask = Callable[[str], bool]
"""Shows a plan and asks whether to do it."""

SAMPLE = 5


class QueuePrioritize:
    """Moves waiting messages up or down."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:prioritize 4711 4712 --priority=0 --reason='customer waits'",
    )

    def __init__(self, by_hand: ByHand, actor: str) -> None:
        self._by_hand, self._actor = by_hand, actor

    def __call__(
        self,
        ids: Ids,
        priority: Annotated[
            int, typer.Option(metavar="N", min=FIRST, max=LAST, help="0 goes first, 9 last.")
        ],
        reason: Why,
    ) -> Table:
        why = accounted(self._actor, reason)
        return _answer(f"priority {priority}", self._by_hand.prioritize(ids, priority, why))


class QueueCancel:
    """Gives up messages that nobody took yet."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:cancel 4711 --reason='the supplier withdrew the file'",
    )

    def __init__(self, by_hand: ByHand, actor: str) -> None:
        self._by_hand, self._actor = by_hand, actor

    def __call__(self, ids: Ids, reason: Why) -> Table:
        return _answer("cancelled", self._by_hand.cancel(ids, accounted(self._actor, reason)))


class QueueReset:
    """Makes crashed messages new: some by their ids, or all of one error after its plan."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:reset 4711 --reason='article 17 is there now'",
        "bin/console queue:reset --fingerprint=5f2d41b0c3a97e68 --reason='partner is back'",
        "bin/console queue:reset --fingerprint=5f2d41b0c3a97e68 --since=1d --yes --reason='again'",
    )

    def __init__(self, by_hand: ByHand, listing: QueueListing, ask: Ask | None, actor: str) -> None:
        self._by_hand, self._listing, self._ask, self._actor = by_hand, listing, ask, actor

    def __call__(
        self,
        *,
        ids: Annotated[
            list[int] | None,
            typer.Argument(metavar="[ID…]", min=1, max=MOST_ID, help="The messages."),
        ] = None,
        reason: Why,
        fingerprint: Annotated[
            str | None, typer.Option(metavar="HEX", help="All that crashed with this error.")
        ] = None,
        type_: Annotated[
            str | None, typer.Option("--type", metavar="TYPE", help="Of these: of this type.")
        ] = None,
        since: Annotated[
            str | None, typer.Option(metavar="WHEN", help="Of these: created since, or 2h ago.")
        ] = None,
        yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    ) -> Table:
        why = accounted(self._actor, reason)
        if bool(ids) == bool(fingerprint):
            raise typer.BadParameter("give either ids or --fingerprint; queue:list shows both")
        if ids:
            if type_ or since:
                raise typer.BadParameter("--type and --since go with --fingerprint")
            return _answer("reset", self._by_hand.reset(ids, why))
        search = Search(
            status=Status.CRASH.value,
            fingerprint=fingerprint,
            type=type_,
            since=since_when(since, self._listing.now()) if since else None,
        )
        if yes or (self._ask and self._ask(self._plan(search))):
            return _answer("reset", self._by_hand.reset_all(search, why))
        return self._undone(search)

    def _plan(self, search: Search) -> str:
        sample = self._listing.search(search, SAMPLE)
        lines = [
            f"  {one.id}  {one.queue}  {one.type}  created {time_words(one.created_at)} UTC  "
            + (one.error or "").partition("\n")[0][:120]
            for one in sample
        ]
        count = self._listing.count(search)
        more = [f"  … and {count - len(sample)} more"] if count > len(sample) else []
        return "\n".join([f"{count} crashed messages would be new again:", *lines, *more])

    def _undone(self, search: Search) -> Table:
        """Tell the plan where nobody agreed to it."""
        found = self._listing.search(search, SAMPLE)
        count = self._listing.count(search)
        return Table(
            columns=("id", "queue", "type", "created (UTC)", "error"),
            rows=[
                (o.id, o.queue, o.type, time_words(o.created_at), (o.error or "").split("\n")[0])
                for o in found
            ],
            notes=(f"{count} crashed messages would be new again; nothing was changed: --yes",),
            empty="no crashed message has this fingerprint",
            exit_code=int(ExitCode.USAGE) if count else 0,
        )


def _answer(word: str, told: Sequence[Told]) -> Table:
    """Tell of each message what became of it; partial where one was refused, failed where all."""
    done = sum(one.done for one in told)
    code = ExitCode.OK if done == len(told) else ExitCode.PARTIAL if done else ExitCode.FAILED
    return Table(
        columns=("id", "result", "why"),
        rows=[(one.message_id, word if one.done else "refused", one.why) for one in told],
        notes=(f"{done} of {len(told)} {word}",),
        empty="no crashed message has this fingerprint",
        exit_code=int(code),
    )
