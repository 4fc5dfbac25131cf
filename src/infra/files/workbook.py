"""Workbooks (XLSX, XLSB, XLS, ODS) as rows of text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from domain.errors import Refused
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.numerals import TYPED_DECIMAL
from domain.jobs.supplier_import.setting import Layout
from infra.files.archive import ZIP, check_parts, is_workbook
from infra.files.source import Source
from infra.files.table import Rows

MOST_UNPACKED_BYTES = 512 << 20
MOST_PACKED_BYTES = 128 << 20
"""A workbook is read into memory whole; a list that needs more should come as text."""
_EXACT = 10**15

Value = float | str | bool | date | time | timedelta | None


def read_workbook(source: Source, layout: Layout) -> Rows:
    """Read the declared sheet, or the only one that holds anything."""
    packed = source.read(MOST_PACKED_BYTES + 1)
    if len(packed) > MOST_PACKED_BYTES:
        raise Refused(f"{source.name} is larger than {MOST_PACKED_BYTES:,} bytes: ask for CSV")
    content = io.BytesIO(packed)
    if packed.startswith(ZIP):
        if not is_workbook(content, source.name):
            raise Refused(f"{source.name} is a ZIP inside a ZIP: ask for one level")
        check_parts(content, source.name, MOST_UNPACKED_BYTES)
    try:
        rows = _rows(_sheet(CalamineWorkbook.from_filelike(content), source.name, layout.sheet))
    except CalamineError as error:
        raise Refused(f"{source.name} cannot be read as a workbook: {error}") from error
    return _with_header(source, layout, rows)


def _with_header(source: Source, layout: Layout, rows: Iterator[RawRow]) -> Rows:
    if layout.header_row == 0:
        return Rows(None, rows)
    for number, cells in rows:
        if number >= layout.header_row:
            return Rows(cells, rows)
    raise Refused(f"{source.name} has no header on row {layout.header_row} or below")


def _sheet(book: CalamineWorkbook, name: str, wanted: str) -> CalamineSheet:
    if wanted and wanted not in book.sheet_names:
        raise Refused(f"{name}: no sheet {wanted!r}; layout.sheet can be {book.sheet_names}")
    names = [wanted] if wanted else book.sheet_names
    filled = [sheet for sheet in map(book.get_sheet_by_name, names) if sheet.height or wanted]
    if len(filled) != 1:
        found = [sheet.name for sheet in filled]
        raise Refused(f"{name} has {len(found)} filled sheets: set layout.sheet to one of {found}")
    return filled[0]


def _rows(sheet: CalamineSheet) -> Iterator[RawRow]:
    """Rows as the sheet numbers them; calamine leaves out the empty columns on the left."""
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = left + [_text(value) for value in values]
        if any(cells):
            yield number, cells


def _text(value: Value) -> str:
    """Whole numbers without ".0", so that an EAN stored as a number survives.

    Fractions carry a decimal sign of their own, as the supplier's declared one is not theirs;
    15 digits are what the spreadsheet itself shows (it stores 0.1 + 0.2 as 0.30000000000000004).
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        if float(value).is_integer() and abs(value) < _EXACT:
            return str(int(value))
        return format(value, ".15g").replace(".", TYPED_DECIMAL)
    return "" if value is None else str(value)
