"""What a setting can get wrong although every value has its type."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from domain.jobs.supplier_import.money import CURRENCIES
from domain.jobs.supplier_import.setting import (
    ColumnRef,
    Columns,
    Format,
    Guards,
    ImportSetting,
    Layout,
    Reading,
)

Fault = tuple[str, str]
"""The key below the supplier's table, and what is wrong with it."""

_DECIMALS = (",", ".")
_THOUSANDS = ("", ".", ",", " ", "'", "\N{RIGHT SINGLE QUOTATION MARK}", "\xa0", "\u202f")
_NO_FILES_ENCODING = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}
)
"""Python takes these for text too, but no file is written in them."""
PROCESSES = ("standard",)
"""The routines that a setting can name; a supplier's own is added here and in the container."""
MOST_SUPPLIER_ID = 2**31 - 1
_LAST_HEADER_ROW = 10_000
_ALL_PERCENT = 100
_KNOWN = " ".join(sorted(CURRENCIES))
_UNCLASSED = re.compile(r"\[!?\]?[^\]]*\]")
"""A closed class of a glob: [0-9], [!a], []]."""


def faults(setting: ImportSetting) -> Iterator[Fault]:
    """Every fault of the setting, so that all can be mended at once."""
    if not 1 <= setting.supplier_id <= MOST_SUPPLIER_ID:
        yield "supplier_id", f"must be from 1 to {MOST_SUPPLIER_ID}"
    if not setting.name.strip():
        yield "name", "must not be empty"
    if setting.process not in PROCESSES:
        yield "process", f"{setting.process!r} is not known: known are {', '.join(PROCESSES)}"
    yield from _place(setting)
    yield from _columns(setting.columns, setting.layout)
    yield from _layout(setting.layout)
    yield from _reading(setting.reading)
    yield from _guards(setting.guards)


def _place(setting: ImportSetting) -> Iterator[Fault]:
    for key in ("source", "pattern"):
        text = getattr(setting, key)
        if not text.strip() or "\0" in text:
            yield key, "must not be empty, nor hold a NUL"
    source = PurePosixPath(setting.source)
    if source.is_absolute() or ".." in source.parts:
        yield "source", "must be a folder below the import folder"
    if "/" in setting.pattern:
        yield "pattern", "must not hold a slash: it is matched in the supplier's folder"
    if "[" in _UNCLASSED.sub("", setting.pattern):
        yield "pattern", "has a [ that is never closed: [0-9] matches a digit, [[] the sign itself"
    if setting.remove_fetched and not setting.partner:
        yield "remove_fetched", "needs a partner from whom files are fetched"


def _columns(columns: Columns, layout: Layout) -> Iterator[Fault]:
    if columns.article_no is None and columns.ean is None:
        yield "columns.article_no", "is missing: give it, or ean"
    if not columns.quantity or len(set(columns.quantity)) < len(columns.quantity):
        yield "columns.quantity", "must name at least one column, and each once"
    named = [(role, ref) for role, ref in vars(columns).items() if isinstance(ref, str | int)]
    quantities = [("quantity", ref) for ref in columns.quantity]
    for role, ref in (*quantities, *named):
        if fault := _ref_fault(ref, layout):
            yield f"columns.{role}", fault


def _ref_fault(ref: ColumnRef, layout: Layout) -> str:
    if isinstance(ref, int):
        return "" if ref > 0 else "columns are numbered from 1"
    if not ref.strip():
        return "a column's name must not be empty"
    nameless = layout.header_row == 0 and layout.format is not Format.XML
    return f"{ref!r} needs a header: layout.header_row is 0, give its number" if nameless else ""


def _layout(layout: Layout) -> Iterator[Fault]:
    if not _is_encoding(layout.encoding):
        yield "layout.encoding", f"{layout.encoding!r} is not an encoding of text files"
    for key in ("delimiter", "quote", "escape", "comment"):
        sign = getattr(layout, key)
        if len(sign) > 1 or sign in {"\r", "\n"}:
            yield f"layout.{key}", "must be one character, or empty for none"
    if layout.format is Format.CSV and layout.delimiter in {"", layout.quote}:
        yield "layout.delimiter", "must be one character, and not the quote"
    if not 0 <= layout.header_row <= _LAST_HEADER_ROW:
        yield "layout.header_row", f"must be 0 (no header) or a line from 1 to {_LAST_HEADER_ROW}"
    if layout.format is Format.FIXED and (not layout.widths or min(layout.widths) < 1):
        yield "layout.widths", "must say how wide each column is, each 1 or more"
    if layout.format is Format.XML and not layout.row_tag.strip():
        yield "layout.row_tag", "must name the element of a row"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
        return codecs.lookup(name).name not in _NO_FILES_ENCODING
    except (LookupError, ValueError):
        return False


def _reading(reading: Reading) -> Iterator[Fault]:
    if reading.decimal not in _DECIMALS:
        yield "reading.decimal", 'must be "," or "."'
    if reading.thousands not in _THOUSANDS or reading.thousands == reading.decimal:
        yield "reading.thousands", "must be empty, a point, comma, blank or apostrophe, not decimal"
    if reading.currency not in CURRENCIES:
        yield "reading.currency", f"{reading.currency!r} is no currency we know; known: {_KNOWN}"
    if any(pieces < 0 for pieces in reading.quantity_words.values()):
        yield "reading.quantity_words", "cannot stand for fewer than 0 pieces"


def _guards(guards: Guards) -> Iterator[Fault]:
    for key in ("max_drop_percent", "max_errors_percent"):
        if not 0 <= getattr(guards, key) <= _ALL_PERCENT:
            yield f"guards.{key}", "must be from 0 to 100"
    if guards.min_rows < 0:
        yield "guards.min_rows", "must be 0 or more"
    if guards.max_age <= timedelta(0) or guards.settle < timedelta(0):
        yield "guards.max_age_hours", "must be more than 0, settle_seconds 0 or more"
    if guards.zero_after is not None and guards.zero_after < guards.max_age:
        yield "guards.zero_after_hours", "must not be less than max_age_hours"
