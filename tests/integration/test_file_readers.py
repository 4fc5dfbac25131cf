"""CR-010: text, workbook, XML and ZIP files as rows, and what damaged ones are told."""

from __future__ import annotations

import codecs
import datetime as dt
import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from domain.errors import Refused, Retryable
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.numerals import TYPED_DECIMAL
from domain.jobs.supplier_import.setting import Format, Layout
from infra.files.delimited import read_delimited
from infra.files.rows import open_rows
from infra.files.source import Source

Read = tuple[list[str] | None, list[RawRow]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stock.csv"


def read(path: Path, **layout: Any) -> Read:
    with open_rows(path, Layout(**layout)) as rows:
        return rows.header, list(rows)


def read_text(path: Path, text: str, encoding: str = "utf-8", **layout: Any) -> Read:
    path.write_bytes(text.encode(encoding))
    return read(path, encoding=encoding, **layout)


# --- line ends, marks, encodings -------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_line(file: Path, end: str) -> None:
    assert read_text(file, f"a;b{end}1;2{end}3;4{end}") == (
        ["a", "b"],
        [(2, ["1", "2"]), (3, ["3", "4"])],
    )


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", True),
        ("utf-8", False),
        ("utf-8-sig", True),
        ("utf-8-sig", False),
        ("utf-16", True),
        ("utf-16-le", True),
        ("utf-16-le", False),
        ("utf-16-be", True),
        ("utf-16-be", False),
    ],
)
def test_a_byte_order_mark_is_dropped_where_it_fits(file: Path, encoding: str, mark: bool) -> None:
    plain = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    marks = {
        "utf-8": codecs.BOM_UTF8,
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
    }
    file.write_bytes((marks[plain] if mark else b"") + "Größe;b\n中;2\n".encode(plain))

    assert read(file, encoding=encoding) == (["Größe", "b"], [(2, ["中", "2"])])


def test_a_mark_of_another_encoding_is_refused_with_the_one_to_set(file: Path) -> None:
    file.write_bytes(codecs.BOM_UTF8 + b"a;b\n")
    with pytest.raises(Refused, match=r'set layout\.encoding = "utf-8"'):
        read(file, encoding="cp1252")

    file.write_bytes("a;b\n".encode("utf-16"))
    with pytest.raises(Refused, match=r'set layout\.encoding = "utf-16"'):
        read(file)


def test_utf_16_without_a_mark_is_refused_as_it_could_be_read_both_ways(file: Path) -> None:
    file.write_bytes("a;b\n".encode("utf-16-be"))

    with pytest.raises(Refused, match="utf-16-le or utf-16-be"):
        read(file, encoding="utf-16")


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("big5", "輪胎"), ("cp1251", "шины"), ("shift_jis", "タイヤ"), ("cp1252", "Größe")],
)
def test_any_encoding_that_python_knows_can_be_declared(
    file: Path, encoding: str, word: str
) -> None:
    assert read_text(file, f"{word};b\n{word};2\n", encoding)[1] == [(2, [word, "2"])]


@pytest.mark.parametrize("encoding", ["utf-99", "rot13", "base64", "idna\0"])
def test_an_encoding_that_python_does_not_know_is_refused(file: Path, encoding: str) -> None:
    file.write_bytes(b"a;b\n")

    with pytest.raises(Refused, match=r"layout\.encoding .* is unknown"):
        read(file, encoding=encoding)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_sign_that_does_not_fit_names_file_and_line_and_what_to_try(
    file: Path, end: bytes
) -> None:
    file.write_bytes(b"a;b" + end + (b"1;2" + end) * 30_000 + b"Gr\xf6\xdfe;2" + end + b"3;4" + end)

    with pytest.raises(Refused, match=r"stock\.csv, line 30002: byte 0xf6.*try .*cp1252"):
        read(file)


def test_a_wrong_sign_in_the_header_is_refused_on_opening(file: Path) -> None:
    file.write_bytes(b"Gr\xf6\xdfe;b\n1;2\n")

    with pytest.raises(Refused, match=r"line 1: byte 0xf6"):
        read(file)


def test_utf_16_read_as_utf_8_is_refused_by_its_nul_bytes(file: Path) -> None:
    file.write_bytes("a;b\n1;2\n".encode("utf-16-le"))

    with pytest.raises(Refused, match=r"NUL bytes: try layout\.encoding"):
        read(file)


# --- header and rows -------------------------------------------------------------------------


def test_an_empty_file_is_refused_and_a_lone_header_has_no_rows(file: Path) -> None:
    with pytest.raises(Refused, match="is empty: no header on line 1"):
        read_text(file, "")
    with pytest.raises(Refused, match="no header on line 5"):
        read_text(file, "a;b\n", header_row=5)

    assert read_text(file, "a;b") == (["a", "b"], [])
    assert read_text(file, "", header_row=0) == (None, [])


def test_title_lines_and_comments_are_left_out_and_still_counted(file: Path) -> None:
    text = 'Stock list "today\n\n# from 1 March\na;b\n1;2\n# old;0\n\n3;4\n'

    assert read_text(file, text, header_row=3, comment="#") == (
        ["a", "b"],
        [(5, ["1", "2"]), (8, ["3", "4"])],
    )


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_each_delimiter_of_the_trade_is_read(file: Path, delimiter: str) -> None:
    text = f"a{delimiter}b\n1{delimiter}2\n"

    assert read_text(file, text, delimiter=delimiter)[1] == [(2, ["1", "2"])]


def test_rows_longer_and_shorter_than_the_header_come_as_they_are(file: Path) -> None:
    assert read_text(file, "a;b\n1\n1;2;3\n")[1] == [(2, ["1"]), (3, ["1", "2", "3"])]


def test_a_nul_stays_in_its_cell_for_the_line_reader_to_reject(file: Path) -> None:
    assert read_text(file, "a;b\n1\0;2\n")[1] == [(2, ["1\0", "2"])]


# --- stray quotes ----------------------------------------------------------------------------


def test_inch_signs_inside_a_cell_are_plain_signs(file: Path) -> None:
    assert read_text(file, 'a;b;c\n1;17" alloy;4\n2;"Rim 17" black";5\n')[1] == [
        (2, ["1", '17" alloy', "4"]),
        (3, ["2", 'Rim 17 black"', "5"]),
    ]


def test_lines_that_a_stray_quote_ate_are_rows_again(file: Path) -> None:
    text = 'a;b;c\nA1;"17;4\nA2;x;5\nA3;"foo";7\nA4;y;8\n'

    assert read_text(file, text)[1] == [
        (2, ["A1", "17", "4"]),
        (3, ["A2", "x", "5"]),
        (4, ["A3", 'foo"', "7"]),
        (5, ["A4", "y", "8"]),
    ]


def test_an_eaten_line_that_does_not_fit_stays_one_cell(file: Path) -> None:
    text = 'a;b;c\nA1;"17;4\nA2;x;5;6;7\nA3;"foo";7\nA4;y;8\n'

    assert (3, ["A2;x;5;6;7"]) in read_text(file, text)[1]


def test_a_text_over_several_lines_stays_one_cell(file: Path) -> None:
    text = 'a;b;c\nA1;4;"first\r\nsecond; with a joint\nthird"\nA2;5;x\n'

    assert read_text(file, text)[1] == [
        (2, ["A1", "4", "first\r\nsecond; with a joint\nthird"]),
        (5, ["A2", "5", "x"]),
    ]


def test_what_stands_behind_a_quote_still_open_at_the_end_is_not_trusted(file: Path) -> None:
    assert read_text(file, 'a;b\nA1;4\nA2;"12')[1] == [(2, ["A1", "4"]), (3, ["A2"])]
    assert read_text(file, 'a;b\nA1;4\nA2;"12\nA3;5\n')[1] == [
        (2, ["A1", "4"]),
        (3, ["A2"]),
        (4, ["A3", "5"]),
    ]


def test_a_quote_that_eats_too_much_is_refused_with_its_line(file: Path) -> None:
    text = 'a;b\nA1;"4\n' + "A2;5\n" * 60_000

    with pytest.raises(Refused, match=r'line 2: .*layout\.quote = ""'):
        read_text(file, text)
    assert len(read_text(file, text, quote="")[1]) == 60_001


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory(file: Path) -> None:
    file.write_bytes(b"a;b\n" + b"x" * 3_000_000)

    with pytest.raises(Refused, match=r"line 2: longer than 1,048,576 bytes"):
        read(file, header_row=0)


# --- fixed columns ---------------------------------------------------------------------------


def test_fixed_columns_are_cut_by_their_widths(file: Path) -> None:
    text = "ART   QTY\nA1      4\n\nLONG0112345\nA2\n"

    assert read_text(file, text, format=Format.FIXED, widths=(6, 3)) == (
        ["ART", "QTY"],
        [(2, ["A1", "4"]), (4, ["LONG01", "123", "45"]), (5, ["A2"])],
    )


def test_fixed_columns_without_a_header_are_counted_from_the_first_line(file: Path) -> None:
    layout: dict[str, Any] = {"format": Format.FIXED, "widths": (2, 2), "header_row": 0}

    assert read_text(file, "A1 4\n# x\nA2 5\n", comment="#", **layout) == (
        None,
        [(1, ["A1", "4"]), (3, ["A2", "5"])],
    )
    with pytest.raises(Refused, match=r"layout\.widths"):
        read(file, format=Format.FIXED)
    with pytest.raises(Refused, match="is empty"):
        read_text(file, "", format=Format.FIXED, widths=(2,))


# --- workbooks -------------------------------------------------------------------------------


def write_workbook(path: Path, cells: dict[str, Any], sheets: tuple[str, ...] = ("Stock",)) -> None:
    book = xlsxwriter.Workbook(path)
    for name in sheets:
        sheet = book.add_worksheet(name)
        for place, value in cells.items():
            sheet.write(place, value)
    book.close()


def test_a_workbook_named_csv_is_read_as_what_it_is(file: Path) -> None:
    write_workbook(file, {"A1": "EAN", "B1": "Preis", "A2": 4019238123456, "B2": 118.42})

    assert read(file) == (
        ["EAN", "Preis"],
        [(2, ["4019238123456", f"118{TYPED_DECIMAL}42"])],
    )


def test_a_workbooks_cells_keep_places_and_meaning(file: Path) -> None:
    cells = {"B3": "a", "C3": "b", "B5": 4.0, "C5": True, "B6": 0.1 + 0.2, "C6": "x"}
    write_workbook(file, cells)

    assert read(file, format=Format.XLSX, header_row=2) == (
        ["", "a", "b"],
        [(5, ["", "4", "TRUE"]), (6, ["", f"0{TYPED_DECIMAL}3", "x"])],
    )
    assert read(file, header_row=0)[0] is None
    with pytest.raises(Refused, match="no header on row 9"):
        read(file, header_row=9)


def test_dates_and_huge_numbers_are_text_that_no_reader_takes_for_another_number(
    file: Path,
) -> None:
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_datetime(1, 0, dt.date(2026, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write(1, 1, 4.01924e18)
    book.close()

    assert read(file)[1] == [(2, ["2026-03-01", f"4{TYPED_DECIMAL}01924e+18"])]


def test_of_several_filled_sheets_one_must_be_named(file: Path) -> None:
    write_workbook(file, {"A1": "a", "A2": 1}, sheets=("Winter", "Summer"))

    with pytest.raises(Refused, match=r"layout\.sheet to one of \['Winter', 'Summer'\]"):
        read(file)
    with pytest.raises(Refused, match="no sheet 'Autumn'"):
        read(file, sheet="Autumn")
    assert read(file, sheet="Summer")[1] == [(2, ["1"])]


def test_what_only_claims_to_be_a_workbook_is_refused(file: Path) -> None:
    file.write_bytes(b"a;b\n1;2\n")
    with pytest.raises(Refused, match=r"is no workbook: set layout\.format"):
        read(file, format=Format.XLSX)

    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    with pytest.raises(Refused, match="cannot be read as a workbook"):
        read(file)


# --- XML -------------------------------------------------------------------------------------

XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<list xmlns="urn:stock">
  <item sku="A1"><ean>4019238123456</ean><price currency="EUR"><net>118.42</net></price>
    <stock>4</stock><stock>2</stock><name>Größe &amp; <b>fett</b></name></item>
  <item sku="A2"><stock>5</stock><extra/></item>
</list>
"""


def test_xml_attributes_and_elements_are_columns(file: Path) -> None:
    file.write_bytes(XML.encode("latin-1"))

    header, rows = read(file, format=Format.XML, row_tag="item")

    assert header == [
        "sku",
        "ean",
        "price@currency",
        "price/net",
        "stock",
        "stock#2",
        "name/b",
        "name",
        "extra",
    ]
    assert [(line, dict(zip(header, cells, strict=True))) for line, cells in rows] == [
        (
            3,
            {
                "sku": "A1",
                "ean": "4019238123456",
                "price@currency": "EUR",
                "price/net": "118.42",
                "stock": "4",
                "stock#2": "2",
                "name/b": "fett",
                "name": "Größe & fett",
                "extra": "",
            },
        ),
        (5, dict.fromkeys(header, "") | {"sku": "A2", "stock": "5"}),
    ]


def test_xml_without_the_declared_rows_or_cut_short_is_refused(file: Path) -> None:
    file.write_bytes(XML.encode("latin-1"))
    with pytest.raises(Refused, match=r"no element <artikel> \(layout\.row_tag\)"):
        read(file, format=Format.XML, row_tag="artikel")
    with pytest.raises(Refused, match=r"layout\.row_tag must name"):
        read(file, format=Format.XML)

    file.write_bytes(XML.encode("latin-1")[:-20])
    with pytest.raises(Refused, match="is no sound XML"):
        read(file, format=Format.XML, row_tag="item")


def test_a_file_that_is_not_there_may_come_yet(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"gone\.csv cannot be opened"):
        read(tmp_path / "gone.csv")


def test_a_gzip_file_is_refused_by_name(file: Path) -> None:
    file.write_bytes(b"\x1f\x8b\x08\x00rest")

    with pytest.raises(Refused, match="is a gzip file"):
        read(file)


def test_a_folder_in_the_files_place_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="cannot be opened: Is a directory"):
        read(tmp_path)


class BadSector(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)


def test_a_disk_that_fails_while_reading_is_worth_another_try() -> None:
    source = Source(BadSector(b"a;b\n1;2\n" * 9_999), "stock.csv")

    with pytest.raises(Retryable, match=r"stock\.csv cannot be read: Input/output error"):
        read_delimited(source, Layout())


def test_more_bytes_than_allowed_are_refused_whatever_was_declared() -> None:
    source = Source(io.BytesIO(b"a;b\n1;2\n" * 9_999), "stock.csv", most_bytes=10_000)

    with pytest.raises(Refused, match="unpacks to more than 10,000 bytes"):
        list(read_delimited(source, Layout()))
