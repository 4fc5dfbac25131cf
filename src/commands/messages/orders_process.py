"""``orders.process``: an order of a platform becomes the shop's (after CR-008)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from commands.messages.base import Consumer
from domain.platforms.message import TYPE, ProcessOrder
from domain.queue.message_type import Effects, MessageType
from domain.queue.work import Work

if TYPE_CHECKING:  # the service loads when the first message is handled
    from domain.platforms.processing import OrderProcessing


class OrdersProcess(Consumer[ProcessOrder]):
    """One version of one order."""

    declares = MessageType(
        name=TYPE,
        payload=ProcessOrder,
        effects=Effects.LOCAL,
        idempotency="the order is written in place of itself, and never over a later version",
        limit=timedelta(minutes=2),
        max_attempts=3,
    )

    def __init__(self, processing: OrderProcessing) -> None:
        self._processing = processing

    def handle(self, payload: ProcessOrder, work: Work, /) -> None:
        self._processing(payload, work)
