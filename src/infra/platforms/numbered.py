"""Orders on numbered pages, which may shift while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.platforms.ports import Found, Page
from domain.transfers.failures import TransferBroken

MOST_READINGS = 3


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page; ``total`` orders were there in all when it was given, None: not told."""

    orders: Sequence[Found]
    total: int | None


Ask = Callable[[int], Sheet]
"""Gives the page of a number, from 1."""


def numbered_pages(ask: Ask, size: int) -> Iterator[Page]:
    """Read them all, in the order of their ids.

    What is new comes in behind. Where an order has left meanwhile, all behind it have moved up
    and one was passed over: then all are read again. Raises TransferBroken where that goes on.
    """
    for _ in range(MOST_READINGS):
        reading = _Reading(ask, size)
        yield from reading.pages()
        if not reading.shrank:
            return
    raise TransferBroken(f"its pages shifted in each of {MOST_READINGS} readings")


def total_of(beside: Mapping[str, Any], name: str) -> int | None:
    """Read how many orders there are in all."""
    total = beside.get(name)
    return total if isinstance(total, int) and not isinstance(total, bool) else None


class _Reading:
    def __init__(self, ask: Ask, size: int) -> None:
        self._ask, self._size = ask, size
        self._largest = 0
        self.shrank = False

    def pages(self) -> Iterator[Page]:
        number, read, last = 1, 0, ""
        while True:
            sheet = self._ask(number)
            first = sheet.orders[0].version if sheet.orders else ""
            if not first or first == last:  # past the end some give nothing, some the last page
                self._note(sheet.total)
                return
            yield Page(orders=sheet.orders)
            self._note(sheet.total)
            read += len(sheet.orders)
            if self._is_last(sheet, read):
                return
            number, last = number + 1, first

    def _is_last(self, sheet: Sheet, read: int) -> bool:
        if sheet.total is None:
            return len(sheet.orders) < self._size
        return read >= sheet.total

    def _note(self, total: int | None) -> None:
        if total is not None:
            self.shrank = self.shrank or total < self._largest
            self._largest = max(self._largest, total)
