"""How the cells of a stock line are read: article number, price, delivery days, DOT, names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from domain.jobs.supplier_import.money import SIGNS
from domain.jobs.supplier_import.numerals import TYPED_DECIMAL, Numerals
from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.text import Cells, folded, tidy, typed, unwrapped, visible
from domain.jobs.supplier_import.unreadable import Unreadable

LONGEST = 100
MOST_DECIMALS = 4
MOST_CENTS = 10_000_000_00
LONGEST_DOT = 40
LONGEST_DELIVERY_DAYS = 365

_PLAIN = re.compile(r"[!-&(-<>-~]*")  # signs of ASCII, but no blank, apostrophe or equals sign
_AMOUNT = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>(?:(?<![^\W\d_])[.,])?[0-9](?:.*[0-9])?)(?P<after>[^0-9]*)"
)
"""A sign before the first digit is a decimal sign (.50), behind a letter it is not (Fr.50)."""
_CENTS = 2
_NO_CENTS = re.compile(r"[.,] ?-{1,2}")
_WEEK_AND_YEAR = re.compile(
    r"(?:dot)?[ :.-]*(?:kw|cw|week|woche)?[ :.-]*"
    r"(?:(?P<week>[0-9]{1,2})[ /.-](?:19|20)?(?P<year>[0-9]{2})|(?P<joined>[0-9]{3,4})(?:[.,]0)?)"
)
"""A spreadsheet drops the zero of 0119 and may write 0119.0."""
_DOT_DIGITS = 4
_SPAN = re.compile(
    r"(?:(?P<from>[0-9]{1,4}) ?- ?)?(?P<to>[0-9]{1,4})(?:[.,]0)? ?"
    r"(?P<unit>h|hours?|stunden?|std|d|days?|tage?|tagen|wt|werktage?|jours?|giorni|días|dias|"
    r"дн|дня|дней|день)?\.?"
)
_HOURS = frozenset({"h", "hour", "hours", "stunde", "stunden", "std"})


class ArticleNumbers:
    """The supplier's own article number as it stands; "" for empty."""

    def __init__(self, reading: Reading) -> None:
        self._empty = frozenset(folded(word) for word in reading.empty_words)

    def __call__(self, text: str) -> str:
        text = text.strip()
        if not text or (self._empty and text.casefold() in self._empty):
            return ""
        if text.isascii() and text.isprintable() and text[0] not in "='" and len(text) <= LONGEST:
            return text
        return self._unusual(text)

    def each(self, texts: Sequence[str]) -> Sequence[str]:
        """All of a column; plain ones are looked at together, as one text."""
        are_plain = not self._empty and _PLAIN.fullmatch("".join(texts))
        if are_plain and max(map(len, texts), default=0) <= LONGEST:
            return texts
        return list(map(self, texts))

    def _unusual(self, text: str) -> str:
        text = visible(tidy(unwrapped(text)), "article number").replace(TYPED_DECIMAL, ".")
        if len(text) > LONGEST:
            raise Unreadable(f"article number {text[:40]!r}… is longer than {LONGEST} characters")
        return "" if text.casefold() in self._empty else text


class Names:
    """A maker's name or number as it stands, cut at its longest; None for empty."""

    def __init__(self, reading: Reading) -> None:
        self._cell = Cells(reading)

    def __call__(self, text: str) -> str | None:
        return visible(self._cell(text), "maker")[:LONGEST] or None


class Prices:
    """Whole cents, rounded half up; None for empty. Money of another currency is refused."""

    def __init__(self, reading: Reading) -> None:
        self._cell = Cells(reading)
        self._numerals = Numerals(reading)
        self._decimal = reading.decimal
        self._currency = reading.currency.upper()
        self._unit = 1 if reading.price_in_cents else 100

    def __call__(self, text: str) -> int | None:
        whole, _, cents = text.partition(self._decimal)
        if len(cents) == _CENTS and (digits := whole + cents).isascii() and digits.isdigit():
            return self._in_range((int(digits) * self._unit + 50) // 100, text)
        cell = typed(self._cell(text))
        return self._cents(cell) if cell else None

    def _cents(self, cell: str) -> int:
        match = _AMOUNT.fullmatch(cell)
        if match is None:
            raise Unreadable(f"price {cell[:40]!r} is no number")
        after = _NO_CENTS.sub("", match["after"], count=1)
        for words in (match["before"], after):
            self._check_words(words.strip(" ."), cell)
        return self._rounded(match["number"], cell)

    def _check_words(self, words: str, cell: str) -> None:
        if "-" in words:
            raise Unreadable(f"price {cell[:40]!r} is negative")
        known = SIGNS.get(words.casefold(), words.upper()).split()
        if known and self._currency not in known:
            raise Unreadable(f"price {cell[:40]!r} is not in {self._currency} (reading.currency)")

    def _rounded(self, number: str, cell: str) -> int:
        whole, decimals = self._numerals.split(number)
        if len(decimals) > MOST_DECIMALS:
            raise Unreadable(f"price {cell[:40]!r} has more than {MOST_DECIMALS} decimals")
        ten_thousandths = int(whole + decimals.ljust(MOST_DECIMALS, "0"))
        return self._in_range((ten_thousandths * self._unit + 5_000) // 10_000, cell)

    def _in_range(self, cents: int, cell: str) -> int:
        if not 0 < cents <= MOST_CENTS:
            raise Unreadable(f"price {cell[:40]!r} is zero or beyond belief")
        return cents


class DeliveryDays:
    """Days until delivery; of a span the longer, hours as begun days, None for empty."""

    def __init__(self, reading: Reading) -> None:
        self._cell = Cells(reading)

    def __call__(self, text: str) -> int | None:
        cell = typed(folded(self._cell(text)))
        if not cell:
            return None
        match = _SPAN.fullmatch(cell)
        days = math.inf if match is None else int(match["to"])
        if match and match["unit"] in _HOURS:
            days = math.ceil(days / 24)
        if days > LONGEST_DELIVERY_DAYS:
            raise Unreadable(
                f"delivery days {cell[:40]!r} are no number; empty_words can ignore it"
            )
        return int(days)


class Dots:
    """Week and year of making as four digits, any other remark as it stands; "" for empty."""

    def __init__(self, reading: Reading) -> None:
        self._cell = Cells(reading)

    def __call__(self, text: str) -> str:
        cell = visible(folded(self._cell(text)), "DOT")
        match = _WEEK_AND_YEAR.fullmatch(cell)
        if match:
            joined = match["joined"] or match["week"] + match["year"]
            return joined.zfill(_DOT_DIGITS)
        return "" if cell == "dot" else cell[:LONGEST_DOT].rstrip()
