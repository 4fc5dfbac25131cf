"""An order as the shop works with it, whatever platform it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import Refused


class OrderUnreadable(Refused):
    """The text is no order that can be worked with; a person has to look at it."""


class OrderState(StrEnum):
    """What the shop has to know of a platform's many states."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a bill or a parcel goes; empty texts where the platform says nothing."""

    name: str = ""
    company: str = ""
    street: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """So many of one article; ``price_cents`` is the price of one, with tax if the platform tells.

    ``article`` is the shop's own number as the platform gives it back.
    """

    article: str
    name: str
    quantity: int
    price_cents: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ShopOrder:
    """One order. ``number`` is for people, ``external_id`` is the platform's key."""

    external_id: str
    number: str
    state: OrderState
    platform_state: str
    currency: str
    total_cents: int
    ordered_at: datetime
    customer: str
    email: str
    billing: Address | None
    delivery: Address | None
    lines: tuple[OrderLine, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise OrderUnreadable(f"currency {self.currency[:20]!r} is no code like EUR")
        if not self.lines and self.state is not OrderState.CANCELLED:
            raise OrderUnreadable("the order has no lines")
