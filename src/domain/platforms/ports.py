"""What every platform's adapter gives, and what it may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from domain.errors import Refused, Retryable
from domain.platforms.order import ShopOrder


class LimitReached(Retryable):
    """The platform's limit is used up for now; the next run asks again."""


class BudgetSpent(Retryable):
    """The platform's share of the run's time is over; what was read is kept."""


class NotOffered(Refused):
    """The platform cannot be asked in this way."""


class Reading(Enum):
    """How a platform gives out what is new."""

    WINDOWS = "whatever changed within two instants"
    BLOCKS = "numbered blocks, each given once"
    FILES = "files"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One order as the platform wrote it; ``trouble`` says why it cannot even be told apart.

    ``version`` is the digest of what it says: the same for the same content in other order.
    """

    external_id: str
    version: str
    raw: str
    format: str
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Orders that came together; ``kept`` is called once they are stored for good.

    With the last one nothing is on its way any more that the platform gives only once.
    """

    orders: Sequence[Found]
    counter: int | None = None
    is_last: bool = True
    kept: Callable[[], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for: a window, or what came after the last stored block.

    ``was_asking``: a run died with an answer on its way. ``peek``: nothing may change there.
    """

    since: datetime
    until: datetime
    counter: int | None = None
    was_asking: bool = False
    peek: bool = False


class Platform(Protocol):
    """One platform, logged in when it is first asked.

    Raises TransferBroken, PartnerRefused, LimitReached, BudgetSpent.
    """

    @property
    def reading(self) -> Reading: ...
    def pages(self, wanted: Wanted) -> Iterator[Page]: ...
    def order(self, external_id: str) -> Page:
        """Give one order. Raises NotOffered where the platform has no way to ask for it."""
        ...

    def close(self) -> None: ...


class Calls(Protocol):
    """A platform's allowance, shared by all runs."""

    def take(self, calls: int, most: int, within: timedelta) -> None:
        """Book calls, for good: all, or none where they would be more than ``most``.

        Raises LimitReached.
        """
        ...

    def asking(self) -> None:
        """Note that an answer is on its way which the platform gives only once."""
        ...


ReadOrder = Callable[[str, str, str], ShopOrder]
"""Reads (format, raw text, zone). Raises OrderUnreadable."""
