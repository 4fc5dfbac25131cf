"""How a supplier writes numbers: decimal sign, thousands sign, and what stays ambiguous."""

from __future__ import annotations

from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.unreadable import Unreadable

TYPED_DECIMAL = "\N{ARABIC DECIMAL SEPARATOR}"
"""The decimal sign of a number that the file itself types as one (a workbook cell): the one
sign that nobody takes for thousands, so it is right whatever decimal sign a supplier declares."""

_LONGEST = 15
_PAIR, _GROUP = 2, 3
_NEVER_DECIMAL = " '"


class Numerals:
    """Splits a number into its whole and decimal digits by the declared signs."""

    def __init__(self, reading: Reading) -> None:
        self._decimal = reading.decimal
        self._thousands = _sign(reading.thousands)

    def split(self, number: str, *, declared_only: bool = False) -> tuple[str, str]:
        """``declared_only`` takes no sign for thousands but the declared one."""
        number = _sign(number)
        sign = TYPED_DECIMAL if TYPED_DECIMAL in number else self._decimal
        head, decimal, tail = number.partition(sign)
        if decimal and not _are_digits(tail):
            raise Unreadable(
                f"number {number[:40]!r} is not written with decimal {self._decimal!r}"
            )
        whole = self._ungrouped(
            head or "0", number, sure=bool(decimal), declared_only=declared_only
        )
        if len(whole) > _LONGEST:
            raise Unreadable(f"number {number[:40]!r} is too long")
        return whole, tail

    def _ungrouped(self, head: str, number: str, *, sure: bool, declared_only: bool) -> str:
        if _are_digits(head):
            return head
        signs = {sign for sign in head if sign not in "0123456789"}
        sign = signs.pop() if len(signs) == 1 else ""
        groups = head.split(sign) if sign else []
        if not _are_groups(groups):
            raise Unreadable(
                f"number {number[:40]!r} is not written as declared (decimal, thousands)"
            )
        unmistakable = sign in _NEVER_DECIMAL or sure or len(groups) > _PAIR
        if sign != self._thousands and (declared_only or not unmistakable):
            raise Unreadable(f"number {number[:40]!r} is ambiguous: declare reading.thousands")
        return "".join(groups)


def _sign(text: str) -> str:
    """One form for the kinds of apostrophe and blank that stand between thousands."""
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return " " if text.isspace() else text


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _are_groups(groups: list[str]) -> bool:
    if len(groups) < _PAIR or not all(map(_are_digits, groups)):
        return False
    return len(groups[0]) <= _GROUP and all(len(group) == _GROUP for group in groups[1:])
