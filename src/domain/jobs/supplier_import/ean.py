"""Article numbers of the trade (EAN, UPC, GTIN): checked by their check digit, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.jobs.supplier_import.numerals import TYPED_DECIMAL
from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.text import Cells, typed, unwrapped
from domain.jobs.supplier_import.unreadable import Unreadable

EAN_13 = 13
_PADDED = {7: 8, 9: 13, 10: 13, 11: 13, 12: 13}
"""Length to which lost leading zeros are put back; a zero on the left keeps the check digit."""
_SHORTEST, _LONGEST = min(_PADDED), EAN_13 + 1
_DESTROYED = re.compile(
    rf"[+-]?[0-9]+[.,{TYPED_DECIMAL}][0-9]+(?:e[+-]?[0-9]+)?|[0-9]+e[+-]?[0-9]+", re.IGNORECASE
)
_NO_FRACTION = re.compile(rf"([0-9]{{{_SHORTEST},}})[.,{TYPED_DECIMAL}]0{{1,2}}")
"""A number's zero decimals, written by an export: no digit is lost."""
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_FITTING = bytes(range(10, 256, 10))
_ZERO = ord("0")
_ZEROS = _ZERO * (7 + 3 * 6)
"""What 13 zeros add up to as signs; it ends in 0, so signs and digits give the same check."""


def is_checked(digits: str) -> bool:
    """Whether the last digit fits the ones before it (weights 3 and 1 from the right)."""
    code = digits.encode()
    total = sum(code[-1::-2]) + 3 * sum(code[-2::-2])
    return not (total - _ZERO * (-(-len(code) // 2) + 3 * (len(code) // 2))) % 10


class Eans:
    """8, 13 or 14 digits; None for an empty cell or the placeholder of zeros only."""

    def __init__(self, reading: Reading) -> None:
        self._cell = Cells(reading)

    def __call__(self, text: str) -> str | None:
        code = text.encode()
        if len(code) == EAN_13 and code.isdigit():
            total = sum(code[::2]) + 3 * sum(code[1::2])
            if total % 10 == 0 and total > _ZEROS:
                return text
        return self._unusual(self._cell(text))

    def each(self, texts: Sequence[str]) -> Sequence[str | None]:
        """All of a column; where all have thirteen digits, they are checked together."""
        if set(map(len, texts)) == {EAN_13} and _are_checked("".join(texts).encode()):
            return texts
        return list(map(self, texts))

    def _unusual(self, text: str) -> str | None:
        digits = typed(unwrapped(text)).replace(" ", "").replace("-", "")
        if whole := _NO_FRACTION.fullmatch(digits):
            digits = whole[1]
        if not digits.strip("0"):
            return None
        if _DESTROYED.fullmatch(digits):
            raise Unreadable(f"EAN {text!r} was destroyed by a spreadsheet: ask for it as text")
        if not (digits.isascii() and digits.isdigit()):
            raise Unreadable(f"EAN {text[:40]!r} is not made of digits")
        return _repaired(digits)


def _are_checked(codes: bytes) -> bool:
    """Whether each 13 bytes are a number with its check digit, and not all zeros.

    One sum for all: a byte per number, which none overflows (9 x 7 + 3 x 9 x 6 = 225).
    """
    if not codes.isdigit():
        return False
    digits = codes.translate(_VALUES)
    places = [int.from_bytes(digits[place::EAN_13]) for place in range(EAN_13)]
    sums = sum(places[::2]) + 3 * sum(places[1::2])
    return not sums.to_bytes(len(codes) // EAN_13).translate(None, delete=_FITTING)


def _repaired(digits: str) -> str:
    if not _SHORTEST <= len(digits) <= _LONGEST:
        raise Unreadable(f"EAN {digits[:40]!r} has {len(digits)} digits instead of 8, 12, 13 or 14")
    if not is_checked(digits):
        raise Unreadable(f"EAN {digits!r} has a wrong check digit")
    if len(digits) == _LONGEST and digits.startswith("0"):
        return digits[1:]
    return digits.zfill(_PADDED.get(len(digits), 0))
