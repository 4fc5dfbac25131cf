"""What one export holds, at which price, in which form, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Field(StrEnum):
    """What a column of the file can hold."""

    ARTICLE = "article"
    EAN = "ean"
    MAKER = "maker"
    MAKER_NO = "maker_no"
    NAME = "name"
    QUANTITY = "quantity"
    PRICE = "price"
    CURRENCY = "currency"
    DELIVERY_DAYS = "delivery_days"


class Offer(StrEnum):
    """Whose price counts where several suppliers have an article."""

    LOWEST = "lowest"
    HIGHEST = "highest"


class LineEnd(StrEnum):
    """How a line ends."""

    CRLF = "crlf"
    LF = "lf"


class Identifier(StrEnum):
    """By what a marketplace is told which article is meant."""

    ARTICLE = "article"
    EAN = "ean"
    MAKER = "maker"


@dataclass(frozen=True, kw_only=True)
class PriceRule:
    """What is put on a supplier's price; None and 0 fit every offer."""

    supplier: int | None = None
    maker: str | None = None
    from_price: float = 0.0
    percent: float = 0.0
    plus: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Which stock, and how much of it is told.

    ``suppliers`` empty means all. ``safety`` pieces are held back; more than ``most`` are not told
    (0: no limit). Without ``sold_out`` an article that has none is left out.
    """

    suppliers: tuple[int, ...] = ()
    safety: int = 0
    most: int = 0
    sold_out: bool = True


@dataclass(frozen=True, kw_only=True)
class Price:
    """By which rules offers get their price; offers in another currency do not count."""

    group: str
    currency: str = "EUR"
    offer: Offer = Offer.LOWEST


@dataclass(frozen=True, kw_only=True)
class FileForm:
    """How the file is written; ``{date}`` in its name is the day in the shop's zone.

    ``columns`` are headers in order with what is below them. ``quote`` empty: a delimiter in a
    text becomes a blank. ``replacement`` stands for a character that the encoding lacks; empty
    refuses the file.
    """

    name: str
    columns: Mapping[str, Field]
    header: bool = True
    encoding: str = "utf-8"
    replacement: str = "?"
    delimiter: str = ";"
    quote: str = '"'
    decimal: str = ","
    line_end: LineEnd = LineEnd.CRLF
    zip: bool = False


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """To whom the file goes, and until when a kept one may be delivered again."""

    partner: str
    deliver_unchanged: bool = True
    max_age: timedelta = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Marketplace:
    """A marketplace that is told changes through its API; login and address are the partner's.

    ``budget`` is the time after which the rest is left to the next run.
    """

    adapter: str
    partner: str
    country: str
    article_type: str
    identifiers: tuple[Identifier, ...] = (Identifier.ARTICLE, Identifier.EAN, Identifier.MAKER)
    budget: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Guards:
    """What must hold before anything is delivered; the loss is against the last good export."""

    min_rows: int = 1
    max_drop_percent: float = 50.0


@dataclass(frozen=True, kw_only=True)
class ExportSetting:
    """All that is known of one export: a file with its delivery, or a marketplace."""

    export_id: int
    name: str
    active: bool = True
    customer: int | None = None
    stock: Stock = Stock()
    price: Price
    file: FileForm | None = None
    delivery: Delivery | None = None
    marketplace: Marketplace | None = None
    guards: Guards = Guards()

    @property
    def label(self) -> str:
        """The export as every result line and message names it."""
        return f"export {self.export_id} ({self.name})"

    @property
    def partner(self) -> str:
        """To whom it goes."""
        target = self.delivery or self.marketplace
        return target.partner if target else ""
