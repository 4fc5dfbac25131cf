"""Parts of an order read strictly; what does not fit is told with its place."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from domain.platforms.order import Address, OrderUnreadable

LONGEST_NAME, LONGEST_ARTICLE = 255, 100
LONGEST_NOTE = 10_000
"""MariaDB's TEXT ends at 64 KiB; the whole text stays in the inbox."""

_LARGEST = Decimal(10) ** 12
_MOST_PIECES = 10**6
_NOTHING = re.compile(r"0+(\.0*)?")
_EPOCH = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_MILLISECONDS = Decimal(10) ** 11
"""An epoch above it counts milliseconds: in seconds it would be the year 5138."""


class Part:
    """One JSON object within an order."""

    def __init__(self, content: Any, place: str = "") -> None:
        if not isinstance(content, Mapping):
            raise OrderUnreadable(f"{place or 'it'} is no object")
        self._content, self._place = content, place

    def has(self, name: str) -> bool:
        return self._content.get(name) is not None

    def part(self, name: str) -> Part:
        """Give a part; one that is not there is empty, and so is the list that PHP writes then."""
        there = self.has(name) and self._content[name] != []
        return Part(self._content[name] if there else {}, self._at(name))

    def parts(self, name: str) -> list[Part]:
        found = self._content.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise OrderUnreadable(f"{self._at(name)} is no list")
        return [Part(item, f"{self._at(name)}[{place}]") for place, item in enumerate(found)]

    def items(self, name: str, *quantities: str) -> list[Part]:
        """Give the lines, but for those of which nothing is wanted any more."""
        return [item for item in self.parts(name) if not _NOTHING.fullmatch(item.text(*quantities))]

    def value(self, name: str) -> Any:
        return self._content.get(name)

    def text(self, *names: str) -> str:
        """Give the first that is there as text, else an empty one; numbers are taken for texts."""
        for name in names:
            value = self._content.get(name)
            if isinstance(value, str | int | Decimal) and str(value).strip():
                return str(value).strip()
            if value is not None and not isinstance(value, str):
                raise OrderUnreadable(f"{self._at(name)} is no text")
        return ""

    def needed(self, *names: str) -> str:
        if found := self.text(*names):
            return found
        raise OrderUnreadable(f"{self._at(names[0])} is missing")

    def article(self, *names: str) -> str:
        """Give the shop's own number of an article; one that was cut would be another article."""
        found = self.needed(*names)
        if len(found) > LONGEST_ARTICLE:
            raise OrderUnreadable(
                f"{self._at(names[0])} has more than {LONGEST_ARTICLE} characters"
            )
        return found

    def sku(self, name: str, *ids: str) -> str:
        """Give the shop's number; else the platform's own, marked so that nobody mixes them up."""
        if self.text(name):
            return self.article(name)
        for id_ in ids:
            if (found := self.text(id_)) not in ("", "0"):
                return f"{id_}:{found}"[:LONGEST_ARTICLE]
        return self.needed(name)

    def name(self, *names: str) -> str:
        return html.unescape(self.text(*names))[:LONGEST_NAME]

    def cents(self, *names: str) -> int:
        return cents(self.needed(*names), self._at(names[0]))

    def currency(self, *names: str) -> str:
        return self.needed(*names).upper()

    def quantity(self, *names: str) -> int:
        return quantity(self.needed(*names), self._at(names[0]))

    def instant(self, name: str, zone: str) -> datetime:
        return instant(self.needed(name), zone, self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def cents(text: str, place: str) -> int:
    """Read an amount in a currency's units; half a cent counts as one."""
    amount = _number(text, place)
    if abs(amount) >= _LARGEST:
        raise OrderUnreadable(f"{place} is too large: {text[:40]}")
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def quantity(text: str, place: str) -> int:
    amount = _number(text, place)
    if amount != amount.to_integral_value() or not 1 <= amount <= _MOST_PIECES:
        raise OrderUnreadable(f"{place} {text[:40]!r} is no whole number of pieces")
    return int(amount)


def instant(text: str, zone: str, place: str) -> datetime:
    """Read a time in UTC. Naive ones are of ``zone``; in the hour that comes twice, the first."""
    try:
        if _EPOCH.fullmatch(text) and len(text) > len("20260101"):
            seconds = Decimal(text)
            if seconds >= _MILLISECONDS:
                seconds /= 1000
            return datetime.fromtimestamp(float(seconds), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise OrderUnreadable(f"{place} {text[:40]!r} is no time") from error
    return _in_utc(found, zone, place)


def _in_utc(found: datetime, zone: str, place: str) -> datetime:
    aware = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise OrderUnreadable(f"{place} {found} is no time of an order") from error


def named(*words: str) -> str:
    """Put a person's names together."""
    return " ".join(word for word in words if word)[:LONGEST_NAME]


def address_or_none(address: Address) -> Address | None:
    cut = {name: text[:LONGEST_NAME] for name, text in asdict(address).items()}
    return Address(**cut) if any(cut.values()) else None


def note(*said: str) -> str:
    return "; ".join(said)[:LONGEST_NOTE]


def _number(text: str, place: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise OrderUnreadable(f"{place} {text[:40]!r} is no number") from error
    if not number.is_finite() or abs(number.adjusted()) > 30:  # noqa: PLR2004 - 1e999999999 takes all memory
        raise OrderUnreadable(f"{place} {text[:40]!r} is no number")
    return number
