"""How one supplier's file is found, read and judged: declared, never guessed at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

ColumnRef = str | int
"""A column by its header (case and outer blanks do not count) or by its number from 1."""


class Format(StrEnum):
    """Kinds of file; a ZIP around any of them is opened by itself."""

    CSV = "csv"
    FIXED = "fixed"
    XLSX = "xlsx"
    XML = "xml"


class Mode(StrEnum):
    """Full: what the file does not list has quantity 0. Delta: it stays as it is."""

    FULL = "full"
    DELTA = "delta"


class Duplicates(StrEnum):
    """What several lines of one article and DOT mean; the trade's custom is to add them."""

    SUM = "sum"
    MAX = "max"
    LAST = "last"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column holds what. Several quantity columns (one per warehouse) are added.

    Article number or EAN must be given; where only the EAN is, it serves as article number.
    """

    quantity: tuple[ColumnRef, ...]
    article_no: ColumnRef | None = None
    ean: ColumnRef | None = None
    maker: ColumnRef | None = None
    maker_no: ColumnRef | None = None
    price: ColumnRef | None = None
    dot: ColumnRef | None = None
    delivery_days: ColumnRef | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the bytes become rows of cells.

    ``header_row`` is the line of the header counted from 1; 0 means none (columns by number).
    ``delimiter``, ``quote``, ``escape`` and ``comment`` are one character, or empty for none.
    ``widths`` are characters per column of a fixed file. ``member`` is a glob that names the one
    file inside a ZIP, ``sheet`` one of a workbook, ``row_tag`` the element of an XML row.
    """

    format: Format = Format.CSV
    encoding: str = "utf-8"
    delimiter: str = ";"
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    skip_blanks_after_delimiter: bool = False
    header_row: int = 1
    widths: tuple[int, ...] = ()
    member: str = ""
    sheet: str = ""
    row_tag: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How cells become values.

    ``quantity_words`` gives the pieces that a word stands for ("auf Lager": 4);
    ``empty_words`` are read as an empty cell; ``price_in_cents`` says that 1250 means 12.50.
    ``fill_down`` repeats the article number of the line before where the cell is empty.
    """

    decimal: str = ","
    thousands: str = ""
    currency: str = "EUR"
    price_in_cents: bool = False
    quantity_words: Mapping[str, int] = field(default_factory=dict)
    empty_words: tuple[str, ...] = ()
    fill_down: bool = False


@dataclass(frozen=True, kw_only=True)
class Guards:
    """What must hold before anything is written; percentages from 0 to 100.

    ``max_age``: the newest file may not be older. ``zero_after``: a file older than this sets the
    supplier's stock to 0 (None: never). ``settle``: the file must not have grown for so long.
    """

    max_age: timedelta = timedelta(hours=24)
    zero_after: timedelta | None = None
    settle: timedelta = timedelta(seconds=5)
    min_rows: int = 1
    max_drop_percent: float = 30.0
    max_errors_percent: float = 2.0


@dataclass(frozen=True, kw_only=True)
class ImportSetting:
    """All that is known of one supplier's stock import.

    ``source`` is the supplier's folder below the import folder; ``pattern`` a glob in it.
    ``process`` names the routine that handles the file ("standard" unless one was written).
    ``partner`` names whose server the files are fetched from into that folder; they stay there
    unless ``remove_fetched``.
    """

    supplier_id: int
    name: str
    active: bool = True
    source: str
    pattern: str = "*"
    partner: str = ""
    remove_fetched: bool = False
    process: str = "standard"
    mode: Mode = Mode.FULL
    duplicates: Duplicates = Duplicates.SUM
    columns: Columns
    layout: Layout = Layout()
    reading: Reading = Reading()
    guards: Guards = Guards()
