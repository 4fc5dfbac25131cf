"""Guesses the layout of an unknown file from its first bytes: for people, never for imports."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lxml import etree

from domain.errors import Refused
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Format, Layout
from infra.files.content import decoded, guessed_encoding, holds_xml, refuse_unfit
from infra.files.rows import holds_workbook, open_rows, open_source

_SAMPLE_BYTES = 1 << 18
_DELIMITERS = ";,\t|"
_HEADER_WITHIN_ROWS = 60
_FILLED_SHARE = 0.6
_QUOTED_SHARE = 0.5
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_COMMENT = "#"


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A layout that fits the sample; UTF-8 and marked encodings are sure, others are not."""

    layout: Layout
    encoding_is_sure: bool = True
    doubts: tuple[str, ...] = ()


def sniff(path: Path, member: str = "", encoding: str = "") -> Guess:
    """Guess from the content: format, encoding, signs of the layout and line of the header.

    ``encoding`` is what a person knows it to be. Raises Refused for what holds no list.
    """
    with open_source(path, member) as source:
        workbook, sample = holds_workbook(source), source.read(_SAMPLE_BYTES)
    base = Layout(header_row=0, member=member)
    if workbook:
        layout = replace(base, format=Format.XLSX)
        return Guess(layout=replace(layout, header_row=_header_row(path, layout)))
    guessed, sure = (encoding, True) if encoding else guessed_encoding(sample)
    text = decoded(sample, guessed)
    refuse_unfit(text, path.name)
    if holds_xml(text):
        tag = _row_tag(sample, path.name)
        return Guess(layout=replace(base, format=Format.XML, row_tag=tag, header_row=1))
    layout, doubts = _text_layout(text, replace(base, encoding=guessed))
    layout = replace(layout, header_row=_header_row(path, layout))
    return Guess(layout=layout, encoding_is_sure=sure, doubts=doubts)


def _text_layout(text: str, layout: Layout) -> tuple[Layout, tuple[str, ...]]:
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] or lines  # the last line may be cut by the sample's end
    plain = [line for line in lines if not line.startswith(_COMMENT)] or lines
    delimiter = max(_DELIMITERS, key=lambda sign: _fit(plain, sign))
    marked = [line for line in lines[:_HEADER_WITHIN_ROWS] if line.startswith(_COMMENT)]
    comment, comment_doubt = _comment(marked, plain, delimiter)
    quote, quote_doubt = _quote(plain, delimiter)
    doubts = tuple(doubt for doubt in (comment_doubt, quote_doubt) if doubt)
    return replace(layout, comment=comment, delimiter=delimiter, quote=quote), doubts


def _comment(marked: list[str], plain: list[str], delimiter: str) -> tuple[str, str]:
    """``#`` begins a comment only where its lines have fewer cells than the rows have."""
    counts = Counter(line.count(delimiter) for line in plain if delimiter in line)
    usual = max(counts, key=lambda count: counts[count], default=0)
    if not marked:
        return "", ""
    if all(line.count(delimiter) < usual for line in marked):
        return _COMMENT, "lines that begin with # are taken for comments: no article may begin so"
    return "", 'lines that begin with # are taken for rows: comment = "#" would skip them'


def _quote(lines: list[str], delimiter: str) -> tuple[str, str]:
    sign = re.escape(delimiter)
    quoted = re.compile(rf"(?:^|{sign})\s*'[^']*'\s*(?={sign}|$)", re.MULTILINE)
    if sum(bool(quoted.search(line)) for line in lines) < max(1, len(lines) * _QUOTED_SHARE):
        return '"', ""
    return "'", "text stands between apostrophes: they are taken for the quote"


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


def _row_tag(sample: bytes, name: str) -> str:
    """The outermost element that comes more than once."""
    parser = etree.XMLPullParser(events=("start", "end"), resolve_entities=False, no_network=True)
    depth, seen = 0, Counter[tuple[int, str]]()
    try:
        parser.feed(sample)
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            seen[depth, etree.QName(element).localname] += event == "start"
    except etree.XMLSyntaxError as error:
        raise Refused(f"{name} begins like XML but is not sound: {error}") from error
    repeated = [(level, -count, tag) for (level, tag), count in seen.items() if count > 1]
    if not repeated:
        raise Refused(f"{name} is XML without an element that comes twice: ask for a full list")
    return min(repeated)[2]
