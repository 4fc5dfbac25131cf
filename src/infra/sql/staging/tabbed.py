"""Lines as the text that COPY and LOAD DATA read: a tab between cells, a newline behind each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from domain.jobs.supplier_import.lines import StockLine
from domain.jobs.supplier_import.setting import Columns
from infra.sql.staging.lines import sent

_NULL = "\\N"
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"}
_ESCAPES = str.maketrans(_ESCAPED)

_TEXTS = frozenset({"article_no", "ean", "dot", "maker", "maker_no"})


class TabbedLines:
    """Writes the cells that the supplier sends, column by column: half the price of by row."""

    def __init__(self, columns: Columns) -> None:
        names = sent(columns)
        self.names = ("place", *names)
        self._pick = itemgetter(*map(StockLine._fields.index, names))
        self._of = [_texts if name in _TEXTS else _numbers for name in names]
        self._place = 0

    def text(self, lines: Sequence[StockLine]) -> bytes:
        """Write some lines, which get the next places."""
        values = zip(*map(self._pick, lines), strict=True)
        cells = (write(column) for write, column in zip(self._of, values, strict=True))
        rows = map("\t".join, zip(map(str, self._places(lines)), *cells, strict=True))
        return ("\n".join(rows) + "\n").encode("utf-8", "replace")

    def values(self, lines: Sequence[StockLine]) -> Iterator[tuple[object, ...]]:
        """The same as values of a statement."""
        for place, cells in zip(self._places(lines), map(self._pick, lines), strict=True):
            yield place, *cells

    def _places(self, lines: Sequence[StockLine]) -> range:
        first, self._place = self._place, self._place + len(lines)
        return range(first, self._place)


def _numbers(values: Sequence[int | None]) -> Iterable[str]:
    if None in values:
        return [_NULL if value is None else str(value) for value in values]
    return map(str, values)


def _texts(values: Sequence[str | None]) -> Iterable[str]:
    whole = "".join(filter(None, values))
    if None in values or any(sign in whole for sign in _ESCAPED):
        return _escaped(values)
    return values  # type: ignore[return-value]  # nothing in it is None


def _escaped(values: Sequence[str | None]) -> Iterator[str]:
    for value in values:
        yield _NULL if value is None else value.translate(_ESCAPES)
