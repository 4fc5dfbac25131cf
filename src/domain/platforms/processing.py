"""What is done with one order of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.errors import Refused
from domain.operating.events import Event
from domain.platforms.message import ProcessOrder
from domain.platforms.order import OrderUnreadable, ShopOrder
from domain.platforms.ports import ReadOrder
from domain.queue.work import Statements, Work


@dataclass(frozen=True, kw_only=True)
class Received:
    """A version of an order as it came; a larger ``inbox_id`` came later."""

    inbox_id: int
    format: str
    zone: str
    raw: str


class OrderShelf(Protocol):
    """Inbox and orders, in the transaction that settles the message."""

    def received(self, database: Statements, key: ProcessOrder) -> Received | None: ...
    def keep(
        self, database: Statements, key: ProcessOrder, order: ShopOrder, inbox_id: int
    ) -> bool:
        """Write the order in place of an older version; False where a later one was faster."""
        ...

    def quarantine(self, database: Statements, inbox_id: int, why: str) -> None: ...


class OrderProcessing:
    """Makes the shop's order of it, or sets it aside with the reason.

    Source: _shopupdating/cronjobs/atx/orders/getOrders.php (CR-008).
    """

    def __init__(self, read: ReadOrder, shelf: OrderShelf) -> None:
        self._read, self._shelf = read, shelf

    def __call__(self, key: ProcessOrder, work: Work) -> None:
        found = self._shelf.received(work.database, key)
        if found is None:
            raise Refused(f"no order {key.external_id} of {key.platform} is in the inbox")
        try:
            order = self._read(found.format, found.raw, found.zone)
        except OrderUnreadable as error:
            self._shelf.quarantine(work.database, found.inbox_id, str(error))
            work.warn(Event.ORDER_QUARANTINED, str(error), order=key.external_id)
            return
        kept = self._shelf.keep(work.database, key, order, found.inbox_id)
        said = order.state.value if kept else "a later version was faster"
        work.log(Event.ORDER_PROCESSED, said, order=key.external_id, platform=key.platform)
