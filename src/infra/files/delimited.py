"""Delimited text as rows: the csv module, and a second look at quotes that go astray."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from domain.errors import Refused
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Layout
from infra.files.source import Source
from infra.files.table import Rows
from infra.files.text import decoding, opened_text

_EATEN = 2
"""Whole lines inside one record that show a stray quote; a text holds one at most."""


def read_delimited(source: Source, layout: Layout) -> Rows:
    """Read the header at ``header_row`` (or the first line after it that is not blank)."""
    records = _Records(source, layout)
    rows = records.rows()
    first = next(rows, (0, []))
    records.width = len(first[1])
    if layout.header_row == 0:
        return Rows(None, chain([first] if first[1] else [], rows))
    check_header(source, layout, first[1])
    return Rows(first[1], rows)


def check_header(source: Source, layout: Layout, header: list[str]) -> None:
    """Refuse a file without one, and one whose encoding shows in it."""
    if not header:
        raise Refused(f"{source.name} is empty: no header on line {layout.header_row} or below")
    if any("\0" in name for name in header):
        raise Refused(f'{source.name} has NUL bytes: try layout.encoding = "utf-16"')


def counted_lines(lines: Iterable[str], layout: Layout) -> Iterator[str]:
    """Drop the lines before the header and empty the comments, so that the count holds."""
    rest = islice(lines, max(0, layout.header_row - 1), None)
    if not layout.comment:
        return rest
    return ("\n" if line.startswith(layout.comment) else line for line in rest)


class _Records:
    """One pass over the file; counts the lines that records begin on."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source, self._layout = source, layout
        self._ended = False
        self.width = 0
        self._reader = csv.reader(
            chain(counted_lines(opened_text(source, layout.encoding), layout), self._end()),
            delimiter=layout.delimiter,
            quotechar=layout.quote or None,
            quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
            escapechar=layout.escape or None,
            skipinitialspace=layout.skip_blanks_after_delimiter,
        )

    def rows(self) -> Iterator[RawRow]:
        skipped = max(0, self._layout.header_row - 1)
        last, reader = skipped, self._reader
        try:
            with decoding(self._source, self._layout.encoding):
                for cells in reader:
                    line = reader.line_num + skipped
                    if line - last > 1:
                        yield from self._over_lines(last + 1, cells)
                    elif cells:
                        yield line, cells
                    last = line
        except csv.Error as error:
            raise Refused(
                f"{self._source.name}, line {last + 1}: {error}; a quote that is never closed?"
                ' layout.quote = "" reads quotes as plain signs'
            ) from error

    def _end(self) -> Iterator[str]:
        """One blank line after the last: a quote still open there swallows it and is found out."""
        self._ended = True
        yield "\n"

    def _over_lines(self, line: int, cells: list[str]) -> Iterator[RawRow]:
        """A record over several lines: text with line ends in it, or lines a stray quote ate.

        Eaten lines show by their delimiters. They are rows again where the number of cells fits;
        else they stay one cell, too short to be read as stock.
        """
        delimiter, joints = self._layout.delimiter, self.width - 1
        lines = _lines(delimiter.join(cells))
        if self._ended:  # what stands behind the open quote may be cut: keep the cells before it
            lines = ["", *_lines(cells[-1])[1:]]
            yield from [(line, cells[:-1])] if cells[1:] else []
        elif joints < 1 or sum(text.count(delimiter) >= joints for text in lines) < _EATEN:
            yield line, cells
            return
        for number, text in enumerate(lines, line):
            if text.strip():
                split = text.split(delimiter)
                yield number, split if len(split) == self.width else [text]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
