"""CR-010: tyre lists with every kind of trouble that integrators name, read as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from domain.jobs.supplier_import.lines import NEGATIVE, LineReader, Reject, StockLine
from infra.files.inspect import fragment, inspect_file
from infra.files.rows import open_rows
from infra.files.settings_file import load_settings

TROUBLE = (
    "Preisliste Reifen 03/2026;;;;;;;\r\n"
    "gültig ab 1. März;;;;;;;\r\n"
    "\r\n"
    "Art.-Nr.;EAN;Bezeichnung;Bestand;EK netto;DOT;Lieferzeit;Marke\r\n"
    "00815;4019238123456;205/55R16 91V;>20;1.299,95;2319;24h;Nokian\r\n"
    "00816;4,01924E+12;205/55 R16;4;89,-;DOT 2008;2 Tage;Nokian\r\n"
    '00817;036000291452;Felge 17" schwarz;15 Stk;€ 118,42;;;Löwe\r\n'
    '00818;;"Felge ""18"" silber";auf Lager;118;23/19;;Löwe\r\n'
    "\r\n"
    "00819;4019238123455;195/65R15;8;59,90;;;\r\n"
    "00820;;195/65R15;J;59,90;older than 36 months;;\r\n"
    "00821;;195/65R15;-3;59,90;;;\r\n"
    "00822;;195/65R15;4,0;1.1;;;\r\n"
    "00823;;195/65R15;4,0;12 900;;1-2 Tage;\r\n"
    "00824;;195/65"
)
SETTING = """
[supplier.7]
name = "Trouble"
source = "trouble"
layout = { encoding = "cp1252", header_row = 4 }
reading = { quantity_words = { "auf Lager" = 4 } }

[supplier.7.columns]
article_no = "art.-nr."
ean = "EAN"
quantity = ["Bestand"]
price = "EK netto"
dot = "DOT"
delivery_days = "Lieferzeit"
maker = "Marke"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.csv"


def read(path: Path, settings: str) -> tuple[list[StockLine], list[Reject], LineReader]:
    [setting] = load_settings(settings)
    with open_rows(path, setting.layout) as rows:
        reader = LineReader(setting, rows.header)
        read = list(reader(rows))
    lines = [line for line in read if isinstance(line, StockLine)]
    return lines, [line for line in read if isinstance(line, Reject)], reader


def test_a_list_with_every_trouble_is_read_as_a_person_would(path: Path) -> None:
    path.write_bytes(TROUBLE.encode("cp1252"))

    lines, rejects, reader = read(path, SETTING)

    assert lines == [
        StockLine(5, "00815", "4019238123456", 20, 1_299_95, "2319", 1, "Nokian", None),
        StockLine(7, "00817", "0036000291452", 15, 118_42, "", None, "Löwe", None),
        StockLine(8, "00818", None, 4, 118_00, "2319", None, "Löwe", None),
        StockLine(12, "00821", None, 0, 59_90, "", None, None, None),
        StockLine(14, "00823", None, 4, 12_900_00, "", 2, None, None),
    ]
    assert [(reject.line, reject.article_no) for reject in rejects] == [
        (6, "00816"),
        (10, "00819"),
        (11, "00820"),
        (13, "00822"),
        (15, "00824"),
    ]
    assert [reject.reason.split(";")[0] for reject in rejects] == [
        "EAN '4,01924E+12' was destroyed by a spreadsheet: ask for it as text",
        "EAN '4019238123455' has a wrong check digit",
        "quantity 'j' is no number",
        "number '1.1' is not written as declared (decimal, thousands)",
        "cells: 3, fewer than needed",
    ]
    assert reader.notes == {NEGATIVE: 1}


def test_the_same_list_is_drafted_from_its_content(path: Path) -> None:
    path.write_bytes(TROUBLE.encode("cp1252"))

    inspection = inspect_file(path)
    [setting] = load_settings(fragment(inspection, 7))

    assert (setting.layout.encoding, setting.layout.header_row) == ("cp1252", 4)
    assert setting.columns.article_no == "Art.-Nr."
    assert setting.columns.ean == "EAN"
    assert setting.columns.quantity == ("Bestand",)
    assert setting.columns.price == "EK netto"
    assert setting.columns.dot == "DOT"
    assert setting.columns.maker == "Marke"
    assert setting.columns.delivery_days == "Lieferzeit"


def test_mercateos_form_is_read_with_and_without_its_header(path: Path) -> None:
    setting = """
        [supplier.8]
        name = "Mercateo form"
        source = "m"
        columns = { article_no = 1, quantity = [2] }
        layout = { header_row = %d }
        """
    path.write_bytes(b"SUPPLIER_AID;QUANTITY\r\nA-1;10\r\nA-2;0\r\n")
    with_header, rejects, _ = read(path, setting % 1)
    path.write_bytes(b"A-1;10\r\nA-2;0\r\n")
    without, _, _ = read(path, setting % 0)

    assert [line[1:4] for line in with_header] == [("A-1", None, 10), ("A-2", None, 0)]
    assert [line[1:] for line in without] == [line[1:] for line in with_header]
    assert rejects == []


def test_a_wheel_lists_warehouse_columns_are_found_and_added(path: Path) -> None:
    path.write_text(
        "Manufacturer,SKU,Finish,Bolt Pattern,GTIN,Cost,Stock East,Stock West\n"
        'Autec,W-1,"black, matt",5x114.3/5x120,4019238123456,$118.42,4,8\n'
        'Autec,W-2,silver,5x112,,"$1,118.42",,2\n'
    )

    lines, rejects, _ = read(path, fragment(inspect_file(path), 9))

    assert rejects == []
    assert [(line.article_no, line.quantity, line.price_cents) for line in lines] == [
        ("W-1", 12, 118_42),
        ("W-2", 2, 1_118_42),
    ]


def test_a_price_cut_in_two_by_an_unquoted_decimal_comma_is_never_taken_for_stock(
    path: Path,
) -> None:
    path.write_text("sku,price,stock\nA1,12,50,4\nA2,13,5\n")

    lines, rejects, _ = read(
        path,
        """
        [supplier.9]
        name = "Comma"
        source = "c"
        columns = { article_no = "sku", quantity = ["stock"], price = "price" }
        layout = { delimiter = "," }
        """,
    )

    assert [line.article_no for line in lines] == ["A2"]
    assert [reject.article_no for reject in rejects] == ["A1"]


def test_an_affiliate_feeds_shortened_eans_are_repaired(path: Path) -> None:
    path.write_text("ean;search_price;stock_quantity\n36000291452;59.90;4.0\n36000291453;59.90;4\n")

    lines, rejects, _ = read(path, fragment(inspect_file(path), 9))

    assert [(line.article_no, line.quantity) for line in lines] == [("0036000291452", 4)]
    assert "wrong check digit" in rejects[0].reason


def test_a_workbook_named_csv_is_imported_with_typed_prices_and_eans(path: Path) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Reifen")
    sheet.write_row(0, 0, ["EAN", "Bestand", "Preis"])
    sheet.write_row(1, 0, [4019238123456, 4, 118.42])
    sheet.write_row(2, 0, ["4019238123456", "5", "118,42"])
    sheet.write_row(3, 0, [36000291452, 6.5, 118])
    book.close()

    lines, rejects, _ = read(path, fragment(inspect_file(path), 9))

    assert [(line.article_no, line.quantity, line.price_cents) for line in lines] == [
        ("4019238123456", 4, 118_42),
        ("4019238123456", 5, 118_42),
    ]
    assert "not a whole number" in rejects[0].reason


def test_an_xml_list_is_drafted_and_imported(path: Path) -> None:
    path.write_text(
        '<?xml version="1.0"?><stock date="2026-03-01"><articles>'
        '<article sku="A1"><gtin>4019238123456</gtin><qty>4</qty><price>118.42</price></article>'
        '<article sku="A2"><gtin/><qty>&gt;20</qty><price>59.90</price></article>'
        "</articles></stock>"
    )

    lines, rejects, _ = read(path, fragment(inspect_file(path), 9))

    assert rejects == []
    assert [line[1:5] for line in lines] == [
        ("A1", "4019238123456", 4, 118_42),
        ("A2", None, 20, 59_90),
    ]


def test_a_total_beside_its_warehouses_is_not_counted_twice(path: Path) -> None:
    path.write_text("SKU;Bestand Nord;Bestand Süd;Bestand gesamt\nA1;4;8;12\n")

    lines, _, _ = read(path, fragment(inspect_file(path), 9))

    assert [line.quantity for line in lines] == [12]


def test_minimum_order_quantities_are_not_taken_for_stock(path: Path) -> None:
    path.write_text("SKU;Min Order Qty;Order Qty max\nA1;20;5\n")

    assert "no quantity column" in " ".join(inspect_file(path).doubts)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Größe;Bestand\n1;2\n".encode("utf-16-le"), "utf-16-le"),
        ("Größe;Bestand\n1;2\n".encode(), "utf-8"),
        ("Größe;Bestand\n1;2\n".encode("cp1252"), "cp1252"),
        (b"Gr\x81\xf6;Bestand\n1;2\n", "latin-1"),
    ],
)
def test_only_utf_8_proves_itself_and_anything_else_is_called_a_guess(
    path: Path, content: bytes, encoding: str
) -> None:
    path.write_bytes(content)

    inspection = inspect_file(path)

    assert inspection.layout.encoding == encoding
    assert inspection.encoding_is_sure == (encoding == "utf-8")


def test_an_unknown_file_without_prices_is_drafted_with_doubts(path: Path) -> None:
    path.write_text("SKU;Bestand;Preis\nA1;4;118\nA2;5;1.118\n")

    assert "decimal and thousands signs are a guess" in " ".join(inspect_file(path).doubts)
