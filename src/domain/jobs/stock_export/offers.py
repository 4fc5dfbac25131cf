"""Articles as they are offered, and what a marketplace was told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Offered:
    """One article as it is offered: pieces that may be told, and its price."""

    article: int
    ean: str
    maker: str
    maker_no: str
    quantity: int
    price_cents: int


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a marketplace was last told of an article; ``refusal`` says why it did not take it."""

    article: int
    said: str
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a marketplace is told of an article, and that there is no more of it."""

    of: Callable[[Offered], str]
    without_stock: Callable[[str], str]
