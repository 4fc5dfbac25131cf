"""Guesses the layout of an unknown file from its first bytes: for people, never for imports."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lxml import etree

from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Format, Layout
from infra.files.rows import holds_workbook, open_rows, open_source

_SAMPLE_BYTES = 1 << 18
_DELIMITERS = ";,\t|"
_HEADER_WITHIN_ROWS = 60
_FILLED_SHARE = 0.6
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A layout that fits the sample; UTF-8 and marked encodings are sure, others are not."""

    layout: Layout
    encoding_is_sure: bool = True


def sniff(path: Path, member: str = "") -> Guess:
    """Guess from the content: format, encoding, delimiter, comment sign and line of the header."""
    with open_source(path, member) as source:
        workbook, sample = holds_workbook(source), source.read(_SAMPLE_BYTES)
    base = Layout(header_row=0, member=member)
    if sample.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<?xml"):
        layout = replace(base, format=Format.XML, row_tag=_row_tag(sample), header_row=1)
        return Guess(layout=layout)
    if workbook:
        layout = replace(base, format=Format.XLSX)
        return Guess(layout=replace(layout, header_row=_header_row(path, layout)))
    encoding, sure = _encoding(sample)
    layout = _text_layout(sample.decode(encoding, "ignore"), replace(base, encoding=encoding))
    return Guess(
        layout=replace(layout, header_row=_header_row(path, layout)), encoding_is_sure=sure
    )


def _encoding(sample: bytes) -> tuple[str, bool]:
    """Only UTF-8 and a byte order mark prove themselves; in cp1252 nearly anything is text."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding, True
    if sample[1::2].count(0) > len(sample) // 4:
        return "utf-16-le", False
    for encoding in ("utf-8", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        return encoding, encoding == "utf-8"
    return "latin-1", False


def _text_layout(text: str, layout: Layout) -> Layout:
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    comment = "#" if any(line.startswith("#") for line in lines[:_HEADER_WITHIN_ROWS]) else ""
    plain = [line for line in lines[:-1] or lines if not (comment and line.startswith(comment))]
    delimiter = max(_DELIMITERS, key=lambda sign: _fit(plain, sign))
    return replace(layout, comment=comment, delimiter=delimiter)


def _fit(lines: list[str], delimiter: str) -> tuple[int, int]:
    """Rows of the most frequent width, if they have more than one cell; the wider, the better."""
    widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells)
    width, count = max(widths.items(), key=lambda item: (item[0] > 1) * item[1], default=(1, 0))
    return (count if width > 1 else 0, width)


def _header_row(path: Path, layout: Layout) -> int:
    """The first row that is filled like the others and holds words only; 0 if there is none."""
    with open_rows(path, layout) as rows:
        sample: list[RawRow] = list(islice(rows, _HEADER_WITHIN_ROWS))
    widths = Counter(_filled(cells) for _, cells in sample)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    for number, cells in sample:
        if _filled(cells) >= usual * _FILLED_SHARE:
            return 0 if any(map(_is_number, cells)) else number
    return 0


def _is_number(cell: str) -> bool:
    """Years stand above columns too."""
    return cell.strip()[:1].isdigit() and not _YEAR.fullmatch(cell.strip())


def _filled(cells: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _row_tag(sample: bytes) -> str:
    """The outermost element that comes more than once."""
    parser = etree.XMLPullParser(events=("start", "end"), resolve_entities=False, no_network=True)
    parser.feed(sample)
    depth, seen = 0, Counter[tuple[int, str]]()
    for event, element in parser.read_events():
        depth += 1 if event == "start" else -1
        seen[depth, etree.QName(element).localname] += event == "start"
    repeated = [(level, -count, tag) for (level, tag), count in seen.items() if count > 1]
    return min(repeated)[2] if repeated else ""
