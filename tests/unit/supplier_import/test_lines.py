"""Rows become stock lines or rejects: columns, short and shifted rows, numbers from above."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused
from domain.jobs.supplier_import.lines import (
    FILLED_DOWN,
    NEGATIVE,
    LineReader,
    RawRow,
    Reject,
    StockLine,
)
from domain.jobs.supplier_import.setting import Columns, ImportSetting, Layout, Reading

EAN = "4019238123456"
HEADER = ["Artikel", "EAN", "Bestand", "Preis", "DOT", "Tage", "Marke", "MPN"]
COLUMNS = Columns(
    article_no="artikel",
    ean="ean",
    quantity=("bestand",),
    price="preis",
    dot="dot",
    delivery_days="tage",
    maker="marke",
    maker_no="mpn",
)
FULL = ["A1", EAN, "4", "118,42", "DOT 2319", "2 Tage", "Nokian", "T430"]


def setting(columns: Columns = COLUMNS, **reading: Any) -> ImportSetting:
    return ImportSetting(
        supplier_id=23, name="Nord", source="nord", columns=columns, reading=Reading(**reading)
    )


def rows(*cells: list[str]) -> list[RawRow]:
    return list(enumerate(cells, 2))


def test_a_full_row_becomes_a_stock_line() -> None:
    [line] = LineReader(setting(), HEADER)(rows(FULL))

    assert line == StockLine(2, "A1", EAN, 4, 118_42, "2319", 2, "Nokian", "T430")
    assert isinstance(line, StockLine)


def test_columns_may_change_places_and_grow_in_number() -> None:
    header = ["neu", *reversed(HEADER)]
    [line] = LineReader(setting(), header)(rows(["x", *reversed(FULL)]))

    assert line[1:] == StockLine(2, "A1", EAN, 4, 118_42, "2319", 2, "Nokian", "T430")[1:]


def test_headers_are_matched_without_case_and_blanks() -> None:
    header = [f"  {name.upper()}\xa0 " for name in HEADER]

    assert isinstance(next(LineReader(setting(), header)(rows(FULL))), StockLine)


def test_a_missing_column_is_refused_with_what_the_file_has_and_the_setting_to_change() -> None:
    header = ["Artikel", "EAN", "Bestände", "Preis", "DOT", "Tage", "Marke", "MPN"]

    with pytest.raises(Refused) as refused:
        LineReader(setting(), header)

    message = str(refused.value)
    assert "supplier.23.columns.quantity = 'bestand'" in message
    assert "'Artikel', 'EAN', 'Bestände'" in message
    assert "did you mean 'bestände'?" in message


def test_a_name_that_two_columns_have_is_refused_with_their_numbers() -> None:
    with pytest.raises(Refused, match="columns 3 and 9 of the file have this name"):
        LineReader(setting(), [*HEADER, "Bestand"])


def test_columns_are_given_by_number_where_there_is_no_header() -> None:
    columns = Columns(article_no=1, quantity=(2,))

    assert next(LineReader(setting(columns), None)(rows(["A1", "4"]))) == StockLine(
        2, "A1", None, 4, None, "", None, None, None
    )
    with pytest.raises(Refused, match="no header, give its number"):
        LineReader(setting(), None)


@pytest.mark.parametrize("number", [0, -1, 9])
def test_a_column_number_beyond_the_header_is_refused(number: int) -> None:
    with pytest.raises(Refused, match=f"quantity = {number}: the file has columns 'Artikel'"):
        LineReader(setting(replace(COLUMNS, quantity=(number,))), HEADER)


def test_where_only_the_ean_is_mapped_it_is_the_article_number() -> None:
    reader = LineReader(setting(Columns(ean="EAN", quantity=("Bestand",))), ["EAN", "Bestand"])

    good, bad, empty = reader(rows(["036000291452", "4"], ["4,01924E+12", "4"], ["", "4"]))

    assert good[1:3] == ("0036000291452", "0036000291452")
    assert isinstance(bad, Reject)
    assert "destroyed by a spreadsheet" in bad.reason
    assert isinstance(empty, Reject)
    assert empty.reason == "no article number"


def test_an_empty_ean_is_no_fault_where_there_is_an_article_number() -> None:
    [line] = LineReader(setting(), HEADER)(rows([FULL[0], "", *FULL[2:]]))

    assert isinstance(line, StockLine)
    assert line.ean is None


def test_a_reject_keeps_line_raw_text_and_article_number() -> None:
    [reject] = LineReader(setting(), HEADER)([(7, ["A1", "4,01924E+12", "4", "1;5", *FULL[4:]])])

    assert isinstance(reject, Reject)
    assert (reject.line, reject.article_no) == (7, "A1")
    assert reject.raw == 'A1;4,01924E+12;4;"1;5";DOT 2319;2 Tage;Nokian;T430'


def test_a_reject_never_carries_a_nul_into_the_database() -> None:
    [reject] = LineReader(setting(), HEADER)(rows(["A\x001", *FULL[1:]]))

    assert isinstance(reject, Reject)
    assert "\0" not in reject.raw + reject.reason
    assert reject.article_no is None


def test_a_line_cut_short_is_rejected_with_the_article_it_still_names() -> None:
    short, hopeless = LineReader(setting(), HEADER)(rows(FULL[:4], ["A2;4019238123456;4"]))

    assert isinstance(short, Reject)
    assert (short.article_no, short.reason[:9]) == ("A1", "cells: 4,")
    assert isinstance(hopeless, Reject)
    assert hopeless.article_no is None


def test_a_delimiter_inside_a_cell_is_found_by_the_surplus_cell() -> None:
    moved = ["A1", EAN, "4", "118", "42", *FULL[4:]]
    trailing = [*FULL, "", " "]

    reject, line = LineReader(setting(), HEADER)(rows(moved, trailing))

    assert isinstance(reject, Reject)
    assert "9 cells instead of 8" in reject.reason
    assert isinstance(line, StockLine)


def test_without_a_header_the_first_row_says_how_many_cells_there_are() -> None:
    reader = LineReader(setting(Columns(article_no=1, quantity=(2,))), None)

    first, second = reader(rows(["A1", "4"], ["A2", "4", "5"]))

    assert isinstance(first, StockLine)
    assert isinstance(second, Reject)
    assert list(LineReader(setting(Columns(article_no=1, quantity=(2,))), None)([])) == []


def test_blank_rows_are_passed_over_without_a_word() -> None:
    read = list(LineReader(setting(), HEADER)(rows([], [""], [" "] * 8, FULL)))

    assert [type(line) for line in read] == [StockLine]


def test_negative_quantities_are_counted_each_time() -> None:
    reader = LineReader(setting(), HEADER)

    lines = list(reader(rows(*[[*FULL[:2], "-3", *FULL[3:]]] * 5)))

    assert [line.quantity for line in lines if isinstance(line, StockLine)] == [0] * 5
    assert reader.notes == {NEGATIVE: 5}


def test_warehouse_columns_are_added() -> None:
    columns = Columns(article_no="Art", quantity=("Nord", "Süd", 4))
    reader = LineReader(setting(columns), ["Art", "Nord", "Süd", "West"])

    lines = list(reader(rows(["A1", "4", "", ">20"], ["A2", "1", "-1", "2"], ["A3", "", "", ""])))

    assert [line.quantity for line in lines if isinstance(line, StockLine)] == [24, 3]
    assert isinstance(lines[2], Reject)
    assert reader.notes == {NEGATIVE: 1}


def test_an_empty_number_is_filled_from_the_line_above_if_that_is_declared() -> None:
    columns = Columns(article_no=1, quantity=(2,), dot=3)
    given = rows(["A1", "4", "2319"], ["", "2", "2420"], ["A2", "?", ""], ["", "1", ""])

    reader = LineReader(setting(columns, fill_down=True), None)
    filled = list(reader(given))
    plain = list(LineReader(setting(columns), None)(given))

    assert [line.article_no for line in filled] == ["A1", "A1", "A2", "A2"]
    assert reader.notes == {FILLED_DOWN: 2}
    assert [line.article_no for line in plain] == ["A1", None, "A2", None]


def test_nothing_is_filled_from_above_a_number_that_could_not_be_read() -> None:
    columns = Columns(article_no=1, quantity=(2,))
    given = rows(["A1", "4"], ["A\x002", "4"], ["", "1"])

    _, damaged, below = LineReader(setting(columns, fill_down=True), None)(given)

    assert isinstance(damaged, Reject)
    assert isinstance(below, Reject)
    assert below.article_no is None


def test_a_blank_row_is_no_line_even_where_empty_means_pieces() -> None:
    columns = Columns(article_no=1, quantity=(2,))
    reader = LineReader(setting(columns, fill_down=True, quantity_words={"": 9}), None)

    assert len(list(reader(rows(["A1", "4"], ["", ""])))) == 1


@given(st.lists(st.lists(st.text(max_size=8), max_size=10), max_size=8))
def test_whatever_the_cells_hold_each_row_gives_one_answer_at_most(cells: list[list[str]]) -> None:
    read = list(LineReader(setting(), HEADER)(rows(*cells)))

    numbers = [answer.line for answer in read]
    filled = [number for number, row in rows(*cells) if any(map(str.strip, row))]
    assert numbers == filled
    for answer in read:
        if isinstance(answer, StockLine):
            assert answer.quantity >= 0
            assert answer.article_no


def test_the_raw_text_is_joined_by_the_files_own_delimiter() -> None:
    tabbed = replace(setting(), layout=Layout(delimiter="\t"))

    [reject] = LineReader(tabbed, HEADER)(rows(FULL[:2]))

    assert isinstance(reject, Reject)
    assert reject.raw == f"A1\t{EAN}"


def test_the_end_sign_of_dos_behind_the_last_line_is_no_row() -> None:
    read = list(LineReader(setting(), HEADER)(rows(FULL, ["\x1a"], ["\x1a", "", ""])))

    assert [type(line) for line in read] == [StockLine]


def test_a_line_that_only_ends_in_the_end_sign_of_dos_is_still_told() -> None:
    assert isinstance(next(LineReader(setting(), HEADER)(rows(["A1\x1a"]))), Reject)
