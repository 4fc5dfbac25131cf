"""What a marketplace must be told: the difference between the stock and what it accepted last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from domain.jobs.stock_export.offers import Offered, Sent, Wording


@dataclass(frozen=True, kw_only=True)
class Change:
    """One article as it is to be told now."""

    article: int
    said: str


@dataclass
class Plan:
    """What is to be sent, the most urgent first, and how much there is of it.

    What an oversold article costs is more than a price that is late: articles without stock come
    first. The others go on after the one at which the last run ended, so that none waits for ever.
    ``room`` is what can be sent in time; no more is kept in memory.
    """

    room: int
    after: int = 0
    articles: int = 0
    known: int = 0
    changes: int = 0
    _urgent: list[Change] = field(default_factory=list)
    _next: list[Change] = field(default_factory=list)
    _rest: list[Change] = field(default_factory=list)

    def add(self, change: Change, *, is_urgent: bool) -> None:
        self.changes += 1
        if is_urgent:
            into = self._urgent
        else:
            into = self._next if change.article > self.after else self._rest
        if len(into) < self.room:
            into.append(change)

    @property
    def to_send(self) -> list[Change]:
        return [*self._urgent, *self._next, *self._rest][: self.room]


def compare(offers: Iterator[Offered], sent: Iterator[Sent], wording: Wording, plan: Plan) -> None:
    """Walk both in the order of articles, and plan what differs.

    An article that is offered no more is told as without stock. What was refused is told again
    only in other words.
    """
    last = next(sent, None)
    for offer in chain(offers, (None,)):
        while last is not None and (offer is None or last.article < offer.article):
            _vanished(last, wording, plan)
            last = next(sent, None)
        if offer is None:
            return
        plan.articles += 1
        before = None
        if last is not None and last.article == offer.article:
            before, last = last, next(sent, None)
            plan.known += not before.refusal
        said = wording.of(offer)
        if before is None or before.said != said:
            plan.add(Change(article=offer.article, said=said), is_urgent=offer.quantity == 0)


def _vanished(last: Sent, wording: Wording, plan: Plan) -> None:
    said = wording.without_stock(last.said)
    if last.refusal or said == last.said:
        return
    plan.known += 1
    plan.add(Change(article=last.article, said=said), is_urgent=True)
