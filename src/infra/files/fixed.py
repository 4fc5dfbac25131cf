"""Text in columns of fixed width as rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain, pairwise

from domain.errors import Refused
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Layout
from infra.files.delimited import check_header, counted_lines
from infra.files.source import Source
from infra.files.table import Rows
from infra.files.text import decoding, opened_text


def read_fixed(source: Source, layout: Layout) -> Rows:
    """Cut each line at the declared widths; text beyond the last one becomes one more cell."""
    if not layout.widths:
        raise Refused(f"{source.name}: layout.widths must say how wide each column is")
    rows = _rows(source, layout)
    if layout.header_row == 0:
        return Rows(None, rows)
    _, header = next(rows, (0, []))
    check_header(source, layout, header)
    return Rows(header, rows)


def _rows(source: Source, layout: Layout) -> Iterator[RawRow]:
    cuts = [slice(*pair) for pair in pairwise(accumulate(chain((0,), layout.widths)))]
    beyond = sum(layout.widths)
    lines = counted_lines(opened_text(source, layout.encoding), layout)
    with decoding(source, layout.encoding):
        for number, line in enumerate(lines, max(1, layout.header_row)):
            text = line.rstrip("\r\n")
            if text.strip():
                cells = [text[cut].strip() for cut in cuts if cut.start < len(text)]
                yield number, [*cells, text[beyond:]] if text[beyond:].strip() else cells
