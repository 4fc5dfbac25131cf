"""CR-010: every real file, with its setting, gives what was counted by other means."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.errors import Refused
from domain.jobs.supplier_import.lines import FILLED_DOWN, NEGATIVE, LineReader, Reject, StockLine
from infra.files.inspect import fragment, inspect_file
from infra.files.rows import open_rows
from infra.files.settings_file import load_settings

DATA = Path(__file__).parents[1] / "data"
FILES = DATA / "supplier_csv"
SETTINGS = DATA / "supplier_settings"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "supplier_csv"


@dataclass(frozen=True)
class Expected:
    """Counted with awk, iconv and by eye, not with the code under test."""

    lines: int
    pieces: int
    cents: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)


EMPTY = "quantity is empty"
EXPECTED = {
    "blank_at_end.csv": Expected(1, 2),
    "bom.csv": Expected(2, 3),
    "doublequote.csv": Expected(5, 40),
    "doublequote.csv.zip": Expected(5, 40),
    "escaping.csv": Expected(3, 6),
    "french_semicolon.csv": Expected(2, 4, 4_400),
    "german_latin1_ragged.csv": Expected(
        2_188, 2_188, rejects={"is beyond 1000000": 12}, notes={FILLED_DOWN: 304}
    ),
    "jlc_assembly_details.csv": Expected(3_560, 42_905),
    "jlc_component_list.csv": Expected(0, 0, rejects={"is no number": 3_493}),
    "null_words.csv": Expected(9, 0, rejects={EMPTY: 1}),
    "rows_before_headers.csv": Expected(2, 3),
    "skip_initials.csv": Expected(1, 4, rejects={"'goodbye2' is no number": 1}),
    "spaces_after_comma.csv": Expected(
        2, 0, rejects={"6000000 is beyond 1000000": 1}, notes={NEGATIVE: 1}
    ),
    "spanish_latin1_thousands.csv": Expected(
        88, 271, 352_162_030, rejects={"no article number": 27}
    ),
    "spectrum_comma_in_quotes.csv": Expected(1, 8_123),
    "spectrum_empty_crlf.csv": Expected(1, 4, rejects={EMPTY: 1}),
    "spectrum_escaped_quotes.csv": Expected(2, 4),
    "spectrum_newlines_crlf.csv": Expected(3, 18),
    "spectrum_quotes_and_newlines.csv": Expected(2, 4),
    "spectrum_utf8.csv": Expected(2, 5),
    "surplus_stock_ks.csv": Expected(1_559, 1_970, 400_965_836, rejects={"price '0' is zero": 16}),
    "table.csv.zip": Expected(2, 3),
    "title_rows_before_header.csv": Expected(
        48, 17_818, rejects={EMPTY: 12, "cells: 1,": 12, "cells: 2,": 4}
    ),
    "two_files.zip": Expected(2, 3),
    "utf16le_bom.csv": Expected(327, 434_149),
    "utf8_bom.csv": Expected(0, 0),
    "zipped_one.zip": Expected(6, 20, notes={NEGATIVE: 1}),
}


def read(name: str) -> tuple[list[StockLine], list[Reject], Counter[str]]:
    [setting] = load_settings(SETTINGS / f"{name}.toml")
    with open_rows(FILES / name, setting.layout) as rows:
        reader = LineReader(setting, rows.header)
        read = list(reader(rows))
    lines = [line for line in read if isinstance(line, StockLine)]
    return lines, [line for line in read if isinstance(line, Reject)], reader.notes


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_real_file_gives_what_was_counted_by_other_means(name: str) -> None:
    expected = EXPECTED[name]

    lines, rejects, notes = read(name)

    assert len(lines) == expected.lines
    assert sum(line.quantity for line in lines) == expected.pieces
    assert sum(line.price_cents or 0 for line in lines) == expected.cents
    assert dict(notes) == expected.notes
    for reason, count in expected.rejects.items():
        assert sum(reason in reject.reason for reject in rejects) == count
    assert len(rejects) == sum(expected.rejects.values())


def test_every_real_file_has_a_setting_and_an_expectation() -> None:
    here = {path.name for path in FILES.iterdir()} - {"SOURCES.md"}
    shared = {path.name for path in SHARED.iterdir()} if SHARED.is_dir() else here

    assert here == shared == set(EXPECTED)
    assert {path.stem for path in SETTINGS.iterdir()} == set(EXPECTED)


def test_no_article_is_lost_between_a_files_rows_and_its_lines() -> None:
    lines, rejects, _ = read("surplus_stock_ks.csv")

    numbers = [line.line for line in lines] + [reject.line for reject in rejects]
    articles = {line.article_no for line in lines} | {reject.article_no for reject in rejects}
    assert sorted(numbers) == list(range(2, 1_577))
    assert len(articles) == 73


def test_line_numbers_count_the_lines_inside_quotes() -> None:
    lines, _, _ = read("spectrum_newlines_crlf.csv")

    assert [(line.line, line.article_no) for line in lines] == [
        (2, "1"),
        (3, "Once upon a time"),
        (5, "7"),
    ]


def test_backslash_and_doubled_quotes_both_escape() -> None:
    lines, _, _ = read("escaping.csv")

    assert [line.article_no for line in lines] == [
        "Test line 1",
        'Test " line 2',
        'Test " line 3',
    ]


def test_latin_1_and_utf_16_keep_their_letters() -> None:
    spanish, _, _ = read("spanish_latin1_thousands.csv")
    chinese, _, _ = read("bom.csv")

    assert spanish[0].article_no == "Legislación"
    assert spanish[0].price_cents == 10_105_40
    assert chinese[1].article_no == "中国人"


def test_a_zip_of_two_files_is_refused_with_their_names_until_one_is_chosen() -> None:
    [setting] = load_settings(
        (SETTINGS / "two_files.zip.toml").read_text().replace('member = "table.csv"', "")
    )

    with (
        pytest.raises(Refused, match=r"layout\.member to one of 'table-reverse\.csv', 'table"),
        open_rows(FILES / "two_files.zip", setting.layout),
    ):
        pass


INSPECTED = {
    "french_semicolon.csv": ("utf-8", ";", 1),
    "german_latin1_ragged.csv": ("cp1252", ",", 1),
    "null_words.csv": ("utf-8", ",", 0),
    "rows_before_headers.csv": ("utf-8", ",", 2),
    "surplus_stock_ks.csv": ("utf-8", ",", 1),
    "title_rows_before_header.csv": ("utf-8", ";", 12),
    "utf16le_bom.csv": ("utf-16", ",", 1),
    "zipped_one.zip": ("utf-8", ",", 1),
}


@pytest.mark.parametrize("name", sorted(INSPECTED))
def test_an_inspection_finds_encoding_delimiter_and_header(name: str) -> None:
    layout = inspect_file(FILES / name).layout

    assert (layout.encoding, layout.delimiter, layout.header_row) == INSPECTED[name]


def test_a_draft_of_a_stock_list_can_be_imported_as_it_is() -> None:
    inspection = inspect_file(FILES / "surplus_stock_ks.csv")
    [setting] = load_settings(fragment(inspection, 9))

    with open_rows(FILES / "surplus_stock_ks.csv", setting.layout) as rows:
        read = list(LineReader(setting, rows.header)(rows))

    assert inspection.doubts == ()
    assert not setting.active
    assert sum(isinstance(line, StockLine) for line in read) == 1_559


def test_a_draft_says_what_is_only_a_guess() -> None:
    inspection = inspect_file(FILES / "german_latin1_ragged.csv")

    draft = fragment(inspection, 9)

    assert not inspection.encoding_is_sure
    assert "# DOUBT: encoding cp1252 is a guess" in draft
    with pytest.raises(Refused, match=r"columns\.quantity|quantity"):
        load_settings(draft)
