"""What is read column by column, many rows at once, is what is read row by row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.supplier_import.ean import Eans
from domain.jobs.supplier_import.fields import ArticleNumbers
from domain.jobs.supplier_import.lines import LineReader, RawRow, Reject, StockLine
from domain.jobs.supplier_import.setting import Columns, ImportSetting, Reading
from domain.jobs.supplier_import.unreadable import Unreadable

HEADER = ["no", "ean", "qty", "price", "dot", "days", "maker", "maker_no"]
SETTING = ImportSetting(
    supplier_id=23,
    name="Nord",
    source="nord",
    columns=Columns(
        article_no="no",
        ean="ean",
        quantity=("qty",),
        price="price",
        dot="dot",
        delivery_days="days",
        maker="maker",
        maker_no="maker_no",
    ),
)
PLAIN_EANS = ("4019238123456", "4006381333931", "9780201379624")
PLAIN = st.tuples(
    st.sampled_from(["A1", "TY-00/7", "x+y", "0"]),
    st.sampled_from(PLAIN_EANS),
    st.sampled_from(["4", "0", "120"]),
    st.sampled_from(["118,42", "0,99"]),
    st.sampled_from(["", "2319", "DOT 2319"]),
    st.sampled_from(["", "2 Tage"]),
    st.sampled_from(["Norvik", "Grünwald"]),
    st.sampled_from(["", "T430"]),
)
ODD = st.tuples(
    st.sampled_from(["A1", "", " A 2 ", '="0401"', "'7", "Größe", "a\x07b", "n" * 101]),
    st.sampled_from(["", "0000000000000", "4019238123457", "40063813", "036000291452", "none"]),
    st.sampled_from(["4", "-2", ">20", "", "many"]),
    st.sampled_from(["118,42", "", "-1", "free"]),
    st.sampled_from(["", "2319"]),
    st.sampled_from(["", "soon"]),
    st.sampled_from(["", "Norvik"]),
    st.sampled_from(["", "T430"]),
)
ROWS = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, ODD).map(list), max_size=40)

Item = StockLine | Reject


def read_at_once(rows: list[RawRow]) -> tuple[list[Item], dict[str, int]]:
    reader = LineReader(SETTING, HEADER)
    return list(reader(rows)), dict(reader.notes)


def read_one_by_one(rows: list[RawRow]) -> tuple[list[Item], dict[str, int]]:
    reader = LineReader(SETTING, HEADER)
    return [item for row in rows for item in reader([row, (0, [])])], dict(reader.notes)


@given(ROWS)
def test_rows_read_together_are_the_same_lines_and_rejects_as_alone(rows: list[list[str]]) -> None:
    numbered = list(enumerate(rows, 2))

    assert read_at_once(numbered) == read_one_by_one(numbered)


def test_lines_are_of_their_type_and_in_order_over_many_blocks() -> None:
    rows = [[f"A{n}", PLAIN_EANS[n % 3], str(n), "1,00", "", "", "", ""] for n in range(1_001)]

    lines, _ = read_at_once(list(enumerate(rows, 2)))

    assert {type(line) for line in lines} == {StockLine}
    assert [(line.line, line.article_no) for line in lines] == [
        (n + 2, f"A{n}") for n in range(1_001)
    ]


def test_one_bad_row_costs_no_other_its_place() -> None:
    rows = [[f"A{n}", "", "1", "", "", "", "", ""] for n in range(600)]
    rows[300][2] = "many"

    lines, _ = read_at_once(list(enumerate(rows, 2)))

    assert len(lines) == 600
    assert [line.line for line in lines if isinstance(line, Reject)] == [302]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*PLAIN_EANS, "0000000000000", "4019238123450", "", "4019238l23456"]),
            st.integers(0, 10**13 - 1).map("{:013d}".format),
        ),
        max_size=30,
    )
)
def test_eans_checked_together_are_those_checked_alone(codes: list[str]) -> None:
    eans = Eans(Reading())

    def alone() -> list[str | None] | None:
        try:
            return [eans(code) for code in codes]
        except Unreadable:
            return None

    def together() -> list[str | None] | None:
        try:
            return list(eans.each(codes))
        except Unreadable:
            return None

    assert together() == alone()


@given(st.lists(st.sampled_from(["A1", "b", " c", "d ", "'e", '="f"', "=g", "ö", ""]), max_size=8))
def test_article_numbers_taken_together_are_those_taken_alone(texts: list[str]) -> None:
    numbers = ArticleNumbers(Reading(empty_words=("b",)))
    plain = ArticleNumbers(Reading())

    assert list(numbers.each(texts)) == [numbers(text) for text in texts]
    assert list(plain.each(texts)) == [plain(text) for text in texts]
