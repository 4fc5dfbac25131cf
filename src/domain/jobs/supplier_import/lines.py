"""A supplier's rows turned into stock lines or rejects, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple, TypeVar

from domain.jobs.supplier_import.columns import ColumnPlaces
from domain.jobs.supplier_import.ean import Eans
from domain.jobs.supplier_import.fields import ArticleNumbers, DeliveryDays, Dots, Names, Prices
from domain.jobs.supplier_import.quantity import Pieces
from domain.jobs.supplier_import.setting import Columns, ImportSetting
from domain.jobs.supplier_import.unreadable import Memo, Unreadable

RawRow = tuple[int, list[str]]
"""The line of the file on which a row begins, counted from 1, and the row's cells."""

NEGATIVE = "negative quantity read as 0"
FILLED_DOWN = "article number taken from the line above"

_LONGEST_RAW = 500
_END_OF_FILE = "\x1a"
"""Ctrl-Z, which DOS programs write behind the last line."""
_BLOCK_ROWS = 250
"""Rows read at once: few enough that one bad row does not cost many a second look."""
Value = TypeVar("Value")


class StockLine(NamedTuple):
    """One readable line. Quantity in whole pieces, price in cents, delivery in days."""

    line: int
    article_no: str
    ean: str | None
    quantity: int
    price_cents: int | None
    dot: str
    delivery_days: int | None
    maker: str | None
    maker_no: str | None


_new_line = partial(tuple.__new__, StockLine)  # a third of the price of StockLine(...)


class Reject(NamedTuple):
    """One line that could not be read: why, its raw text, and its article number if known.

    An article whose line is rejected is still listed by the supplier: its stock is left as it is.
    """

    line: int
    reason: str
    raw: str
    article_no: str | None


class LineReader:
    """Reads rows by one supplier's setting; everything is resolved before the first row.

    ``notes`` counts what was read differently from what was written (NEGATIVE, FILLED_DOWN).
    """

    def __init__(self, setting: ImportSetting, header: Sequence[str] | None) -> None:
        columns, reading = setting.columns, setting.reading
        self.notes: Counter[str] = Counter()
        self._separator = setting.layout.delimiter or " "
        self._fill_down, self._above = reading.fill_down, ""
        self._width = len(header or ())
        place = ColumnPlaces(setting, header)
        quantities = [place("quantity", ref) for ref in columns.quantity]
        self._quantity_cells = itemgetter(*quantities)
        self._pieces = Memo(Pieces(reading))
        self._ean = _Unmapped(None) if columns.ean is None else Eans(reading)
        self._article_no = self._ean if columns.article_no is None else ArticleNumbers(reading)
        self._prices = (
            _Unmapped(None) if columns.price is None else Memo(Prices(reading), room=1 << 17)
        )
        self._dots = _Unmapped("") if columns.dot is None else Memo(Dots(reading))
        self._days = (
            _Unmapped(None) if columns.delivery_days is None else Memo(DeliveryDays(reading))
        )
        self._makers = _Unmapped(None) if columns.maker is None else Memo(Names(reading))
        self._maker_nos = _Unmapped(None) if columns.maker_no is None else Memo(Names(reading))
        places = list(_places(columns, place, unmapped=quantities[0]))
        self._cells, self._article_place = itemgetter(*places), places[0]

    def __call__(self, rows: Iterable[RawRow]) -> Iterator[StockLine | Reject]:
        """Pass over blank rows; any other row gives one line or one reject.

        Plain rows are read column by column, at half the price; a block with any other, row by row.
        """
        width, rows = self._width_of(rows)
        rest = iter(rows)
        while block := list(islice(rest, _BLOCK_ROWS)):
            try:
                lines = self._column_by_column(block, width)
            except (IndexError, Unreadable):
                yield from self._row_by_row(block, width)
            else:
                yield from lines

    def _column_by_column(self, block: Sequence[RawRow], width: int) -> Sequence[StockLine]:
        """Raise where any row is to be rejected, passed over or noted; changes nothing then."""
        numbers, rows = zip(*block, strict=True)
        article, ean, price, dot, days, maker, maker_no = zip(*map(self._cells, rows), strict=True)
        articles = [found for found in self._article_no.each(article) if found]
        quantities = list(self._pieces.each(list(map(self._quantity_cells, rows))))
        if max(map(len, rows)) > width or len(articles) < len(rows) or min(quantities) < 0:
            raise Unreadable
        columns = (
            numbers, articles, self._ean.each(ean), quantities, self._prices.each(price),
            self._dots.each(dot), self._days.each(days), self._makers.each(maker),
            self._maker_nos.each(maker_no),
        )  # fmt: skip
        lines = list(map(_new_line, zip(*columns, strict=True)))
        self._above = articles[-1]
        return lines

    def _row_by_row(self, rows: Iterable[RawRow], width: int) -> Iterator[StockLine | Reject]:
        cells_of, quantity_of = self._cells, self._quantity_cells
        article_of, ean_of, pieces, prices = self._article_no, self._ean, self._pieces, self._prices
        dots, days, makers, maker_nos = self._dots, self._days, self._makers, self._maker_nos
        new = tuple.__new__  # a third of the price of StockLine(...), once per line
        for number, row in rows:
            try:
                if len(row) > width:
                    _check_beyond(row, width)
                article, ean, price, dot, delivery, maker, maker_no = cells_of(row)
                article = self._above = article_of(article) or self._from_above(row)
                quantity = pieces[quantity_of(row)]
                if quantity < 0:
                    quantity = self._owed(quantity)
                line = new(
                    StockLine,
                    (number, article, ean_of(ean), quantity, prices[price], dots[dot],
                     days[delivery], makers[maker], maker_nos[maker_no]),
                )  # fmt: skip
            except (IndexError, Unreadable) as fault:
                yield from self._rejected(number, row, fault)
            else:
                yield line

    def _width_of(self, rows: Iterable[RawRow]) -> tuple[int, Iterable[RawRow]]:
        """Cells that a row may fill; without a header the first row says how many."""
        if self._width:
            return self._width, rows
        rest = iter(rows)
        first = next(rest, None)
        return (len(first[1]), chain((first,), rest)) if first else (0, ())

    def _owed(self, quantity: int) -> int:
        self.notes[NEGATIVE] += 1
        return ~quantity

    def _from_above(self, row: list[str]) -> str:
        if not (self._fill_down and self._above and any(map(str.strip, row))):
            raise Unreadable("no article number")
        self.notes[FILLED_DOWN] += 1
        return self._above

    def _rejected(self, number: int, row: list[str], fault: Exception) -> Iterator[Reject]:
        if not "".join(row).strip().strip(_END_OF_FILE):
            return
        reason = str(fault) if isinstance(fault, Unreadable) else _too_short(row)
        raw = self._separator.join(self._quoted(cell) for cell in row)
        self._above = self._readable_article_no(row)
        yield Reject(number, reason, raw[:_LONGEST_RAW].replace("\0", "␀"), self._above or None)

    def _quoted(self, cell: str) -> str:
        """Quote as in the file, so that a person sees where a cell ends."""
        return f'"{cell}"' if self._separator in cell else cell

    def _readable_article_no(self, row: list[str]) -> str:
        if len(row) == 1:  # a whole line that could not be cut into cells
            return ""
        try:
            number = self._article_no(row[self._article_place])
        except (IndexError, Unreadable):
            return ""
        return number or (self._above if self._fill_down else "")


class _Unmapped(Memo[str, Value]):
    """A column that the supplier does not send: one value, whatever stands there."""

    def __init__(self, value: Value) -> None:
        super().__init__(self)
        self._value = value

    def __call__(self, _: str) -> Value:
        return self._value

    def each(self, texts: Sequence[str]) -> Sequence[Value]:
        return [self._value] * len(texts)


def _check_beyond(row: list[str], width: int) -> None:
    """Find the unquoted delimiter that would move all cells behind it by one."""
    if any(map(str.strip, row[width:])):
        raise Unreadable(f"{len(row)} cells instead of {width}: a delimiter inside a cell?")


def _too_short(row: list[str]) -> str:
    return f"cells: {len(row)}, fewer than needed; is the line cut short, or a quote astray?"


def _places(columns: Columns, place: ColumnPlaces, unmapped: int) -> Iterator[int]:
    """Places of the seven cells; one that is not mapped is read, as nothing, where quantity is."""
    named = (
        ("article_no", columns.ean if columns.article_no is None else columns.article_no),
        ("ean", columns.ean),
        ("price", columns.price),
        ("dot", columns.dot),
        ("delivery_days", columns.delivery_days),
        ("maker", columns.maker),
        ("maker_no", columns.maker_no),
    )
    for role, ref in named:
        yield unmapped if ref is None else place(role, ref)
