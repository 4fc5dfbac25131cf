"""CR-010: a drafted setting that would import something silently wrong says so as a DOUBT."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from domain.errors import Refused
from domain.jobs.supplier_import.lines import LineReader, StockLine
from domain.jobs.supplier_import.setting import Format, ImportSetting
from infra.files.inspect import fragment, inspect_file
from infra.files.rows import open_rows
from infra.files.settings_file import load_settings

EAN = "4019238123456"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.csv"


def drafted(path: Path, content: str | bytes = "", encoding: str = "") -> ImportSetting:
    if content:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    [setting] = load_settings(fragment(inspect_file(path, encoding=encoding), 9))
    return setting


def doubts(path: Path) -> str:
    return "\n".join(
        line for line in fragment(inspect_file(path), 9).splitlines() if "DOUBT" in line
    )


def stock(path: Path, setting: ImportSetting) -> list[tuple[str, int]]:
    with open_rows(path, setting.layout) as rows:
        read = list(LineReader(setting, rows.header)(rows))
    return [(line.article_no, line.quantity) for line in read if isinstance(line, StockLine)]


# --- signs of the layout ---------------------------------------------------------------------


def test_articles_that_begin_with_a_hash_are_rows(path: Path) -> None:
    setting = drafted(path, "SKU;Bestand\n#A1;4\nA2;5\n#A3;6\n")

    assert stock(path, setting) == [("#A1", 4), ("A2", 5), ("#A3", 6)]
    assert "begin with # are taken for rows" in doubts(path)


def test_a_header_that_begins_with_a_hash_is_a_header(path: Path) -> None:
    setting = drafted(path, "#SKU;Bestand\nA1;4\nA2;5\n")

    assert setting.columns.article_no == "#SKU"
    assert stock(path, setting) == [("A1", 4), ("A2", 5)]


def test_remarks_behind_a_hash_are_comments_and_called_a_guess(path: Path) -> None:
    setting = drafted(path, "# stock list\nSKU;Bestand\nA1;4\n# that is all\n")

    assert stock(path, setting) == [("A1", 4)]
    assert "begin with # are taken for comments" in doubts(path)


def test_text_between_apostrophes_is_read_without_them(path: Path) -> None:
    setting = drafted(path, "'SKU';'Bestand';'Preis'\n'A;1';'4';'9,90'\n'A2';'5';'8,90'\n")

    assert stock(path, setting) == [("A;1", 4), ("A2", 5)]
    assert "apostrophes" in doubts(path)


# --- quantities ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "taken", "left"),
    [
        ("sku;in_stock;stock_quantity", "A1;1;12", ("stock_quantity",), "in_stock"),
        ("sku;Bestand;Bestand Lieferant bestellt", "A1;4;90", ("Bestand",), "bestellt"),
        ("sku;stock;stock in transit;reserved stock", "A1;4;90;2", ("stock",), "in transit"),
        ("sku;Menge;Bestand verfügbar", "A1;9;4", ("Bestand verfügbar",), "'Menge'"),
        ("sku;Bestand;Bestand 2", "A1;4;9", ("Bestand",), "'Bestand 2'"),
    ],
)
def test_of_unlike_quantities_the_best_one_is_taken_and_the_others_are_named(
    path: Path, header: str, row: str, taken: tuple[str, ...], left: str
) -> None:
    setting = drafted(path, f"{header}\n{row}\n")

    assert setting.columns.quantity == taken
    assert "left out: " in doubts(path)
    assert left in doubts(path)


@pytest.mark.parametrize(
    "names", [("Lager Nord", "Lager Süd"), ("stock_1", "stock_2"), ("Lager1", "Lager2")]
)
def test_warehouses_are_added_with_a_doubt_that_names_them(
    path: Path, names: tuple[str, str]
) -> None:
    setting = drafted(path, f"sku;{names[0]};{names[1]}\nA1;4;8\n")

    assert setting.columns.quantity == names
    assert f"{names[0]!r}, {names[1]!r} are added" in doubts(path)


def test_a_quantity_only_on_order_is_never_stock(path: Path) -> None:
    path.write_text("sku;Bestellmenge;avisierter Bestand\nA1;4;8\n")

    assert "no quantity column was found" in doubts(path)


@pytest.mark.parametrize("words", [("auf Lager", "nicht auf Lager"), ("J", "N")])
def test_a_quantity_in_words_is_drafted_with_a_table_to_complete(
    path: Path, words: tuple[str, str]
) -> None:
    setting = drafted(path, f"sku;Bestand\nA1;{words[0]}\nA2;{words[1]}\n")
    draft = fragment(inspect_file(path), 9)

    completed = draft.replace("# [supplier.9.reading.q", "[supplier.9.reading.q")
    for pieces, word in enumerate(words):
        completed = completed.replace(f'# "{word}" = ', f'"{word}" = {pieces}')
    [whole] = load_settings(completed)

    assert setting.columns.quantity == ("Bestand",)
    assert "say in quantity_words" in doubts(path)
    assert stock(path, whole) == [("A1", 0), ("A2", 1)]


# --- prices, article numbers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("sku;qty;VK;EK", "EK"),
        ("sku;qty;Preis brutto;Preis netto", "Preis netto"),
        ("sku;qty;retail price;wholesale price", "wholesale price"),
        ("sku;qty;UVP;Preis", "Preis"),
        ("sku;qty;rrp_price;search_price", "search_price"),
    ],
)
def test_what_the_shop_pays_is_the_price_and_the_others_are_named(
    path: Path, header: str, taken: str
) -> None:
    setting = drafted(path, f"{header}\nA1;4;99,90;59,90\n")
    other = next(name for name in header.split(";")[2:] if name != taken)

    assert setting.columns.price == taken
    assert f"left out: {other!r}" in doubts(path)


def test_a_gross_price_alone_is_taken_with_a_doubt(path: Path) -> None:
    assert drafted(path, "sku;qty;UVP\nA1;4;99,90\n").columns.price == "UVP"
    assert "gross or retail" in doubts(path)


@pytest.mark.parametrize(
    ("price", "header", "currency"),
    [
        ("£59.90", "price", "GBP"),
        ("$59.90", "price", "USD"),
        ("59.90 CHF", "price", "CHF"),
        ("59.90", "price (GBP)", "GBP"),
        ("59.90 zł", "price", "PLN"),
    ],
)
def test_prices_in_another_currency_draft_it_with_a_doubt(
    path: Path, price: str, header: str, currency: str
) -> None:
    setting = drafted(path, f"sku;qty;{header}\nA1;4;{price}\n")

    assert setting.reading.currency == currency
    assert f"currency {currency} is a guess" in doubts(path)
    assert stock(path, setting) == [("A1", 4)]


def test_prices_in_euros_leave_no_doubt_about_it(path: Path) -> None:
    assert drafted(path, "sku;qty;price\nA1;4;€ 59,90\n").reading.currency == "EUR"
    assert doubts(path) == ""


@pytest.mark.parametrize(
    "header", ["PartNo", "Part No", "Part No.", "Teilenummer", "Bestellnummer", "Item Number",
    "merchant_product_id"],
)  # fmt: skip
def test_the_trades_words_for_an_article_number_are_known(path: Path, header: str) -> None:
    assert drafted(path, f"aw_product_id;{header};qty\n7;A1;4\n").columns.article_no == header


def test_what_a_delivery_costs_is_neither_days_nor_price(path: Path) -> None:
    columns = drafted(path, "sku;qty;delivery_cost;price\nA1;4;4,95;59,90\n").columns

    assert (columns.price, columns.delivery_days) == ("price", None)


def test_a_workbooks_prices_are_shown_with_a_plain_decimal_sign(path: Path) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["SKU", "Bestand", "Preis"])
    sheet.write_row(1, 0, ["A1", 4, 118.42])
    book.close()

    assert "'118.42'" in fragment(inspect_file(path), 9)


# --- encodings and kinds of file -------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_read(path: Path, encoding: str) -> None:
    setting = drafted(path, "SKU;Bestand\nGröße;4\n".encode(encoding))

    assert setting.layout.encoding == encoding
    assert stock(path, setting) == [("Größe", 4)]


def test_an_encoding_that_a_person_knows_is_taken_without_a_doubt(path: Path) -> None:
    setting = drafted(path, "SKU;Bestand\nGröße;4\n".encode("cp850"), encoding="cp850")

    assert stock(path, setting) == [("Größe", 4)]
    assert inspect_file(path, encoding="cp850").doubts == ()


def test_an_unknown_encoding_is_refused(path: Path) -> None:
    with pytest.raises(Refused, match="'utf-99' is not known"):
        drafted(path, "SKU;Bestand\nA1;4\n", encoding="utf-99")


XML = '<stock><item sku="A1"><qty>4</qty></item><item sku="A2"><qty>5</qty></item></stock>'
DECLARED = f'<?xml version="1.0" encoding="utf-16"?>{XML}'


@pytest.mark.parametrize(
    "content",
    [XML.encode(), b"\n" + XML.encode(), DECLARED.encode("utf-16"), DECLARED.encode("utf-16-be")],
)
def test_xml_is_known_by_its_elements_in_any_encoding(path: Path, content: bytes) -> None:
    setting = drafted(path, content)

    assert (setting.layout.format, setting.layout.row_tag) == (Format.XML, "item")
    assert stock(path, setting) == [("A1", 4), ("A2", 5)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b" \r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"<!DOCTYPE html><html><body>Login</body></html>", "web page"),
        (b"\n<HTML><table><tr><td>4</td></tr></table></HTML>", "web page"),
        (b"<table><tr><td>SKU</td></tr></table>", "web page"),
        (b'<?xml version="1.0"?>\n<html xmlns="x"><body/></html>', "web page"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 9, "no text, workbook"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)) * 9, "no text, workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(200)), "no text, workbook"),
        (b"<stock><item>", "XML without an element that comes twice"),
        (b"<stock><item></stock>", "not sound"),
    ],
)
def test_what_holds_no_list_is_refused_instead_of_drafted(
    path: Path, content: bytes, reason: str
) -> None:
    path.write_bytes(content)

    with pytest.raises(Refused, match=reason):
        inspect_file(path)


def test_an_empty_file_is_refused(path: Path) -> None:
    path.touch()

    with pytest.raises(Refused, match="is empty"):
        inspect_file(path)
