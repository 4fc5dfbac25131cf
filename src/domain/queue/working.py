"""A worker's loop: messages begun, handled and settled, one by one or in groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.errors import CommitUnknown, StopRequested, StoreUnavailable
from domain.queue.attempt import Tools, attempted
from domain.queue.crew import Board, Inbox, Order, Result
from domain.queue.dao import Bench, Claim, ClaimLost, Settlement
from domain.queue.message_type import Effects
from domain.queue.retry import Backoff
from domain.queue.transitions import Move

GROUP_SECONDS = 0.05
"""A group holds the rows that its handlers wrote until it is settled: not for longer."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two questions to a database that is away."""

_RESULTS = {
    Move.RETRY: Result.RETRIED,
    Move.REFUSE: Result.REFUSED,
    Move.CRASH_PERMANENT: Result.CRASHED,
    Move.CRASH_EXHAUSTED: Result.CRASHED,
}


class Item(NamedTuple):
    """An order at its place among all that this worker was given."""

    place: int
    order: Order
    claim: Claim


@dataclass(frozen=True)
class Part:
    """What is begun together; ``alone``: settled one by one all the same."""

    items: Sequence[Item] = ()
    alone: bool = True

    def __bool__(self) -> bool:
        return bool(self.items)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(item.claim for item in self.items)

    def parted(self, claims: Sequence[Claim]) -> tuple[Part, Sequence[Item]]:
        """Give the part that is among the claims, and the items that are not."""
        if len(claims) == len(self.items):
            return self, ()
        held = set(claims)
        ours = [item for item in self.items if item.claim in held]
        return Part(ours, self.alone), [item for item in self.items if item.claim not in held]


class _Group:
    """What becomes of a part that is settled together."""

    def __init__(self, items: list[Item]) -> None:
        self.rest = items
        self.done: list[Item] = []
        self.failed: list[tuple[Item, Settlement]] = []

    def anew(self) -> Part:
        """Give all of it, to be done one by one; nothing of it was written."""
        return Part([*self.done, *(item for item, _ in self.failed), *self.rest])


class Working:
    """Works off what its inbox brings, and shows on its board what it is at."""

    def __init__(self, bench: Bench, board: Board, inbox: Inbox, tools: Tools) -> None:
        self._bench, self._board, self._inbox, self._tools = bench, board, inbox, tools
        self._waiting: deque[Item] = deque()
        self._given = 0
        self._few = 0

    def to_the_end(self) -> None:
        """Work until the parent has nothing more to say."""
        while self._receive(wait=True):
            part = Part()
            while part := part or self._begun(self._next_part()):
                part = self._settled(part)
                self._wake()
            self._board.pauses()
            self._inbox.wake()

    # --- what is next ---------------------------------------------------------------------------

    def _receive(self, *, wait: bool) -> bool:
        orders = self._inbox.orders(wait=wait and not self._waiting)
        if orders is None:
            return False
        for order in orders:
            self._waiting.append(Item(self._given, order, order.claim))
            self._given += 1
        if orders:
            self._few = len(orders) // 2
        return True

    def _wake(self) -> None:
        """Let the parent know early enough that it can claim more before this is done."""
        if len(self._waiting) <= self._few:
            self._few = -1
            self._inbox.wake()

    def _next_part(self) -> Part:
        """Take the next message, or several of one type that are settled together."""
        if not self._waiting:
            self._receive(wait=False)
        if self._board.stopping:
            self._end(self._waiting, Result.RETURNED)
            self._waiting.clear()
        if not self._waiting:
            return Part()
        first = self._waiting.popleft()
        if not self._may_group(first.order):
            return Part([first])
        return Part([first, *self._like(first.order.type)], alone=False)

    def _like(self, type_: str) -> Iterable[Item]:
        while self._waiting:
            order = self._waiting[0].order
            if order.type != type_ or not order.is_fresh:
                return
            yield self._waiting.popleft()

    def _may_group(self, order: Order) -> bool:
        """Tell whether it may share a transaction; what once went wrong takes nobody along."""
        known = self._tools.types.find(order.type) if order.is_fresh else None
        return known is not None and known.declares.effects is Effects.LOCAL

    # --- beginning ------------------------------------------------------------------------------

    def _begun(self, part: Part, *, perhaps: bool = False) -> Part:
        """Begin a part and give what is ours; ``perhaps``: it may have been begun unseen."""
        if not part:
            return part
        self._board.begins(part.items[-1].place + 1)
        pause = _FIRST_PAUSE
        while not self._board.stopping:
            try:
                return self._held(part, self._bench.start(part.claims), perhaps=perhaps)
            except StoreUnavailable:
                perhaps = True
                self._tools.clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._end(part.items, Result.RETURNED)
        return Part()

    def _held(self, part: Part, held: Sequence[Claim], *, perhaps: bool) -> Part:
        ours, missing = part.parted(held)
        self._end(missing, Result.UNKNOWN if perhaps else Result.GONE)
        return ours

    # --- handling and settling ------------------------------------------------------------------

    def _settled(self, part: Part) -> Part:
        """Handle and settle a part that is begun; gives what is begun beyond it."""
        if self._board.stopping:
            self._end(part.items, Result.RETURNED)
            return Part()
        if part.alone:
            return self._one(part.items[0], Part(part.items[1:]))
        return self._group(part)

    def _one(self, item: Item, rest: Part) -> Part:
        try:
            self._board.does(item.place)
            failure = attempted(item.order, self._bench, self._board, self._tools)
        except StopRequested:
            self._bench.rollback()
            self._end([item], Result.RETURNED)
            return rest
        if failure:
            self._fail(item, failure)
            return rest
        return self._finish([item], rest)

    def _group(self, part: Part) -> Part:
        until = self._tools.clock.monotonic() + GROUP_SECONDS
        group = _Group(list(part.items))
        while group.rest:
            try:
                self._one_of(group)
            except Exception:  # noqa: BLE001 - the transaction of them all is lost, for whatever reason
                self._bench.rollback()
                return group.anew()
            if self._board.stopping or self._tools.clock.monotonic() >= until:
                break
        self._board.pauses()
        return self._settle_group(group)

    def _one_of(self, group: _Group) -> None:
        item = group.rest[0]
        self._bench.savepoint()
        self._board.does(item.place)
        try:
            failure = attempted(item.order, self._bench, self._board, self._tools)
        except StopRequested:
            self._bench.undo()
            self._end([group.rest.pop(0)], Result.RETURNED)
            return
        if failure:
            self._bench.undo()
            group.failed.append((item, failure))
        else:
            group.done.append(item)
        group.rest.pop(0)

    def _settle_group(self, group: _Group) -> Part:
        rest = Part(group.rest, alone=False)
        if not group.failed:
            return self._finish(group.done, rest)
        following = self._finish(group.done, rest, beginning=False)
        for item, failure in group.failed:
            self._fail(item, failure)
        return following

    def _finish(self, done: list[Item], rest: Part, *, beginning: bool = True) -> Part:
        """Settle with all effects, and begin the next part with it unless one is begun already."""
        if not done:
            self._bench.rollback()
            return rest
        following = Part() if rest or not beginning else self._next_part()
        if following:
            self._board.begins(following.items[-1].place + 1)
        try:
            begun = self._bench.finish([item.claim for item in done], begin=following.claims)
        except (StoreUnavailable, CommitUnknown):
            self._end(done, Result.UNKNOWN)
            return rest or self._begun(following, perhaps=True)
        except Exception as error:  # noqa: BLE001 - of a handler's own making: a deferred constraint
            self._waiting.extendleft(reversed(following.items))
            again = self._unfinished(done, error)
            return Part([*again, *rest.items])
        self._end(done, Result.PROCESSED)
        return rest or self._held(following, begun, perhaps=False)

    def _unfinished(self, done: list[Item], error: Exception) -> list[Item]:
        """Nothing of it was written: give what is to be done again, one by one."""
        if isinstance(error, ClaimLost):
            lost = set(error.claims)
            self._end([item for item in done if item.claim in lost], Result.LOST)
            return [item for item in done if item.claim not in lost]
        self._bench.rollback()
        if len(done) > 1:
            return done
        order = done[0].order
        self._fail(done[0], self._tools.settlement(error, order, Backoff()))
        return []

    def _fail(self, item: Item, failure: Settlement) -> None:
        try:
            held = self._bench.fail(item.claim, failure)
        except StoreUnavailable:
            self._end([item], Result.UNKNOWN)
            return
        self._inbox.tell(item.place, failure.error)
        self._end([item], _RESULTS[failure.move] if held else Result.LOST)

    def _end(self, items: Iterable[Item], result: Result) -> None:
        for item in items:
            self._board.ended(item.place, result)
