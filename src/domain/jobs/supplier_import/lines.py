"""A supplier's rows turned into stock lines or rejects, one by one."""

from __future__ import annotations

from typing import NamedTuple


class StockLine(NamedTuple):
    """One readable line. Quantity in whole pieces, price in cents, delivery in days."""

    line: int
    article_no: str
    ean: str | None
    quantity: int
    price_cents: int | None
    dot: str
    delivery_days: int | None
    maker: str | None
    maker_no: str | None


class Reject(NamedTuple):
    """One line that could not be read: why, its raw text, and its article number if known.

    An article whose line is rejected is still listed by the supplier: its stock is left as it is.
    """

    line: int
    reason: str
    raw: str
    article_no: str | None
