"""Which cell of a row holds what: a supplier may move columns about, but not drop one."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from domain.errors import Refused
from domain.jobs.supplier_import.setting import ColumnRef, ImportSetting
from domain.jobs.supplier_import.text import folded


class ColumnPlaces:
    """Finds a column's place, counted from 0, by its header or its number from 1."""

    def __init__(self, setting: ImportSetting, header: Sequence[str] | None) -> None:
        self._supplier = setting.supplier_id
        self._header = None if header is None else [folded(name) for name in header]
        self._shown = ", ".join(repr(name) for name in header or () if name.strip())

    def __call__(self, role: str, ref: ColumnRef) -> int:
        if isinstance(ref, int):
            return self._by_number(role, ref)
        if self._header is None:
            raise Refused(
                f"{self._setting(role)} = {ref!r}: the file has no header, give its number"
            )
        places = [place for place, name in enumerate(self._header) if name == folded(ref)]
        if len(places) != 1:
            raise Refused(f"{self._setting(role)} = {ref!r}: {self._why_not_one(ref, places)}")
        return places[0]

    def _by_number(self, role: str, number: int) -> int:
        if number < 1 or (self._header is not None and number > len(self._header)):
            raise Refused(f"{self._setting(role)} = {number}: the file has columns {self._shown}")
        return number - 1

    def _why_not_one(self, ref: str, places: list[int]) -> str:
        if places:
            numbers = " and ".join(str(place + 1) for place in places)
            return f"columns {numbers} of the file have this name, give the number"
        close = get_close_matches(folded(ref), self._header or (), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"no such column, the file has {self._shown}{hint}"

    def _setting(self, role: str) -> str:
        return f"supplier.{self._supplier}.columns.{role}"
