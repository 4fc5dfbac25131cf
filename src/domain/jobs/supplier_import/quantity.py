"""How many pieces a supplier has: numbers as people write them, words as they are declared."""

from __future__ import annotations

import re

from domain.jobs.supplier_import.numerals import TYPED_DECIMAL, Numerals
from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.text import Cells, folded, typed
from domain.jobs.supplier_import.unreadable import Unreadable

MOST_PIECES = 1_000_000
"""More of one article than any warehouse holds: another column stands where the quantity was."""

_UNITS = (
    "stk|stck|stück|stuck|stueck|st|pcs|pc|pce|pieces|piece|ea|each|unit|units|items?|шт|ks|szt|"
    "db|kom|buc|pz|pza|uds?|un|pièces?|kpl|vnt|gab|tk|adet"
)
_NUMBER = re.compile(
    rf"(?:>=?|≥)? ?(?P<owed>-)? ?(?P<number>[0-9](?:[0-9.,{TYPED_DECIMAL}' ]*[0-9])?) ?"
    rf"(?P<owed_after>-)? ?\+? ?(?:{_UNITS})?\.?"
)
_ZERO_DECIMALS = re.compile(rf"([0-9]+)[.,{TYPED_DECIMAL}](?:0{{1,2}}|0{{4,}})")
"""Three zeros may be thousands (4.000) and are left to the declared signs."""


class Pieces:
    """Whole pieces of one cell, or of one cell per warehouse together.

    Where a supplier owes pieces (a negative cell, counted as 0), the answer is the complement
    ``~pieces``: below zero, so that one comparison tells the caller.
    """

    def __init__(self, reading: Reading) -> None:
        self._cell, self._numerals = Cells(reading), Numerals(reading)
        self._words = {folded(word): pieces for word, pieces in reading.quantity_words.items()}

    def __call__(self, cells: str | tuple[str, ...]) -> int:
        texts = (cells,) if isinstance(cells, str) else cells
        found = [pieces for text in texts if (pieces := self._read(text)) is not None]
        if not found:
            raise Unreadable('quantity is empty; quantity_words "" can say what that means')
        total = sum(max(0, pieces) for pieces in found)
        if total > MOST_PIECES:
            raise Unreadable(f"quantity {total} is beyond {MOST_PIECES}: has a column moved?")
        return ~total if min(found) < 0 else total

    def _read(self, text: str) -> int | None:
        cell = folded(self._cell(text))
        if cell in self._words:
            return self._words[cell]
        return self._number(cell) if cell else None

    def _number(self, cell: str) -> int:
        match = _NUMBER.fullmatch(typed(cell))
        if match is None:
            raise Unreadable(
                f"quantity {cell[:40]!r} is no number; quantity_words can say what it means"
            )
        pieces = self._whole(match["number"])
        return -pieces if match["owed"] or match["owed_after"] else pieces

    def _whole(self, number: str) -> int:
        if zeros := _ZERO_DECIMALS.fullmatch(number):
            return int(self._numerals.split(zeros[1])[0])
        whole, decimals = self._numerals.split(number, declared_only=True)
        if decimals.strip("0"):
            raise Unreadable(f"quantity {number!r} is not a whole number of pieces")
        return int(whole)
