"""How cells are read: every form seen in suppliers' files, and what must never be guessed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.supplier_import.ean import Eans, is_checked
from domain.jobs.supplier_import.fields import ArticleNumbers, DeliveryDays, Dots, Names, Prices
from domain.jobs.supplier_import.quantity import Pieces
from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.unreadable import Memo, Unreadable

PLAIN = Reading()
POINTS = Reading(decimal=".", thousands=",")
DOTTED = Reading(decimal=",", thousands=".")


def check_digit(digits: str) -> str:
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


# --- quantity --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "pieces"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("0", 0),
        (">20", 20),
        ("> 20", 20),
        (">=20", 20),
        ("20+", 20),
        ("20 Stk", 20),
        ("20 Stk.", 20),
        ("20STÜCK", 20),
        ("15 pcs", 15),
        ("4,0", 4),
        ("4.0", 4),
        ("4,00", 4),
        ("4\N{ARABIC DECIMAL SEPARATOR}0", 4),
        ("-0", 0),
    ],
)
def test_a_quantity_is_read_as_people_write_it(cell: str, pieces: int) -> None:
    assert Pieces(PLAIN)(cell) == pieces


@pytest.mark.parametrize("cell", ["-3", "3-", "\N{MINUS SIGN}3", "-3,0", "-3 Stk"])
def test_pieces_owed_are_none_in_stock_and_told_apart_from_zero(cell: str) -> None:
    owed = Pieces(PLAIN)(cell)

    assert owed < 0
    assert ~owed == 0


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("4,5", "not a whole number"),
        ("4.5", "ambiguous|not written as declared"),
        ("1.200", "ambiguous"),
        ("1 200", "ambiguous"),
        ("auf Lager", "quantity_words"),
        ("J", "quantity_words"),
        ("<5", "quantity_words"),
        ("ca. 20", "quantity_words"),
        ("1e3", "quantity_words"),
        ("", 'quantity_words ""'),
        ("4019238123456", "has a column moved"),
        ("12\0", "no number"),
        ("1٢", "no number"),
        ("#N/A", "no number"),
    ],
)
def test_a_quantity_that_would_be_guessed_is_rejected(cell: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        Pieces(PLAIN)(cell)


def test_words_stand_for_what_the_supplier_declares_in_any_case() -> None:
    pieces = Pieces(Reading(quantity_words={"Auf  Lager": 4, "J": 1, "n": 0, ">20": 25, "": 0}))

    assert [pieces(cell) for cell in ("AUF LAGER", "j", "N", ">20", " ")] == [4, 1, 0, 25, 0]


def test_words_for_empty_come_before_words_for_pieces() -> None:
    pieces = Pieces(Reading(empty_words=("null",), quantity_words={"null": 4, "": 1}))

    assert pieces("NULL") == 1


def test_thousands_count_only_where_they_are_declared() -> None:
    assert Pieces(POINTS)("6,000") == 6_000
    assert Pieces(DOTTED)("6.000") == 6_000
    assert (
        Pieces(Reading(decimal=".", thousands="'"))("6\N{RIGHT SINGLE QUOTATION MARK}000") == 6_000
    )
    assert Pieces(Reading(decimal=",", thousands=" "))("6\xa0000") == 6_000
    assert Pieces(Reading(decimal="."))("4.000") == 4


def test_warehouses_are_added_and_an_empty_one_holds_nothing() -> None:
    pieces = Pieces(PLAIN)

    assert pieces(("4", "", ">20")) == 24
    assert ~pieces(("4", "-3")) == 4
    with pytest.raises(Unreadable, match="empty"):
        pieces(("", " "))


@given(st.text(max_size=12))
def test_no_text_at_all_is_fewer_than_no_pieces(cell: str) -> None:
    try:
        pieces = Pieces(PLAIN)(cell)
    except Unreadable:
        return
    assert max(pieces, ~pieces) >= 0
    assert max(pieces, ~pieces) <= 1_000_000


# --- price -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("118,42", 118_42),
        ("118", 118_00),
        ("749,-", 749_00),
        ("749,--", 749_00),
        ("749,\N{EN DASH}", 749_00),
        ("749,- €", 749_00),
        ("EUR 12,50", 12_50),
        ("12,50 eur", 12_50),
        ("€12,50", 12_50),
        ("12,5", 12_50),
        (",50", 50),
        ("€ ,5", 50),
        ("1.299,95", 1_299_95),
        ("1.299.000", 1_299_000_00),
        ("12 900", 12_900_00),
        ("12\xa0900,5", 12_900_50),
        ("12'900", 12_900_00),
        ("12,345", 12_35),
        ("12,3449", 12_34),
        ("118\N{ARABIC DECIMAL SEPARATOR}42", 118_42),
    ],
)
def test_a_price_is_read_in_whole_cents(cell: str, cents: int) -> None:
    assert Prices(PLAIN)(cell) == cents


def test_a_price_in_another_currency_than_declared_is_rejected() -> None:
    assert Prices(Reading(decimal=".", currency="GBP"))("£118.42") == 118_42
    assert Prices(Reading(decimal=".", currency="CHF"))("Fr.50") == 50_00
    assert Prices(Reading(currency="KZT"))("12 900 тг") == 12_900_00
    assert Prices(Reading(decimal=".", currency="USD"))("$1,299.95") == 1_299_95
    for cell in ("£118,42", "12 900 тг", "118,42 USD", "118,42 $"):
        with pytest.raises(Unreadable, match="not in EUR"):
            Prices(PLAIN)(cell)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.1", "not written as declared"),
        ("1.299", "ambiguous"),
        ("1,299,000", "not written with decimal"),
        ("1.29,95,1", "not written"),
        ("1.299 000,5", "not written as declared"),
        (".50", "not written as declared"),
        ("2 x 59,90", "not written as declared"),
        ("59,90/69,90", "not written"),
        ("ab 59,90", "not in EUR"),
        ("5 %", "not in EUR"),
        ("749,", "not in EUR"),
        ("12.34,5", "not written as declared"),
        ("1,23456", "more than 4 decimals"),
        ("0", "zero"),
        ("0,00", "zero"),
        ("0,004", "zero"),
        ("-5", "negative"),
        ("12,50-", "negative"),
        ("auf Anfrage", "no number"),
        ("1,2E+02", "not written"),
        ("99999999999", "beyond belief"),
        ("12,50 je Satz", "not in EUR"),
        ("9" * 40, "too long"),
    ],
)
def test_a_price_that_would_be_guessed_is_rejected(cell: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        Prices(PLAIN)(cell)


def test_a_declared_thousands_sign_settles_what_is_ambiguous() -> None:
    assert Prices(DOTTED)("1.299") == 1_299_00
    assert Prices(POINTS)("1,299") == 1_299_00
    with pytest.raises(Unreadable):
        Prices(DOTTED)("1.1")


def test_prices_in_cents_are_taken_as_cents() -> None:
    cents = Prices(Reading(price_in_cents=True))

    assert (cents("1250"), cents("1250,5"), cents("1250,49")) == (12_50, 12_51, 12_50)


def test_an_empty_price_is_no_price() -> None:
    assert Prices(Reading(empty_words=("k.A.",)))("K.a.") is None
    assert Prices(PLAIN)(" ") is None


@given(st.integers(1, 10**9), st.sampled_from([PLAIN, DOTTED, POINTS]))
def test_a_price_written_out_is_read_back(cents: int, reading: Reading) -> None:
    whole = f"{cents // 100:,}" if reading.thousands else str(cents // 100)
    written = f"{whole.replace(',', reading.thousands)}{reading.decimal}{cents % 100:02d}"

    assert Prices(reading)(written) == cents


@given(st.decimals("0.01", "99999", places=4))
def test_prices_are_rounded_half_up(price: Decimal) -> None:
    cents = int((price * 100).quantize(Decimal(1), ROUND_HALF_UP))

    assert Prices(Reading(decimal="."))(f"{price:f}") == cents


# --- EAN -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "ean"),
    [
        ("4019238123456", "4019238123456"),
        ("4019238-12345 6", "4019238123456"),
        ("4019238123456.0", "4019238123456"),
        ("4019238123456,00", "4019238123456"),
        ("0000000.0", None),
        ('="4019238123456"', "4019238123456"),
        ("'4019238123456", "4019238123456"),
        ("04019238123456", "4019238123456"),
        ("14019238123453", "14019238123453"),
        ("96385074", "96385074"),
        ("036000291452", "0036000291452"),
        ("36000291452", "0036000291452"),
        ("", None),
        ("0", None),
        ("0000000000000", None),
    ],
)
def test_an_ean_is_normalised_and_repaired_only_by_its_check_digit(
    cell: str, ean: str | None
) -> None:
    assert Eans(PLAIN)(cell) == ean


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("4,01924E+12", "destroyed by a spreadsheet"),
        ("4.01924e+12", "destroyed by a spreadsheet"),
        ("4E12", "destroyed by a spreadsheet"),
        ("4019238123456.5", "destroyed by a spreadsheet"),
        ("401923812345.0", "wrong check digit"),
        ("4.0", "destroyed by a spreadsheet"),
        ("4019238123455", "wrong check digit"),
        ("36000291453", "wrong check digit"),
        ("401923", "6 digits"),
        ("401923812345612", "15 digits"),
        ("KEINE EAN", "not made of digits"),
        ("٤٠١٩٢٣٨١٢٣٤٥٦", "not made of digits"),
        ("4019238123456\0", "not made of digits"),
    ],
)
def test_an_ean_that_would_be_guessed_is_rejected(cell: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        Eans(PLAIN)(cell)


@given(st.text("0123456789", min_size=1, max_size=15))
def test_whatever_digits_come_an_ean_has_a_right_check_digit(digits: str) -> None:
    try:
        ean = Eans(PLAIN)(digits)
    except Unreadable:
        return
    if ean is None:
        assert not digits.strip("0")
    else:
        assert len(ean) in {8, 13, 14}
        assert ean[-1] == check_digit(ean[:-1])
        assert ean.lstrip("0") == digits.lstrip("0")


@given(st.text("0123456789", min_size=12, max_size=12).filter(lambda text: text.strip("0")))
def test_an_ean_survives_the_loss_of_leading_zeros(start: str) -> None:
    ean = start + check_digit(start)
    shortened = ean.lstrip("0")

    assert is_checked(ean)
    if len(shortened) > 8:
        assert Eans(PLAIN)(shortened) == ean


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(start: str, place: int, off: int) -> None:
    ean = start + check_digit(start)
    wrong = ean[:place] + str((int(ean[place]) + off) % 10) + ean[place + 1 :]

    with pytest.raises(Unreadable, match="wrong check digit"):
        Eans(PLAIN)(wrong)


# --- DOT, delivery, names --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "dot"),
    [
        ("2319", "2319"),
        ("DOT 2319", "2319"),
        ("DOT2319", "2319"),
        ("dot: 2319", "2319"),
        ("23/19", "2319"),
        ("DOT 23/19", "2319"),
        ("DOT 2008", "2008"),
        ("23/2019", "2319"),
        ("01/2019", "0119"),
        ("1/19", "0119"),
        ("KW 01/19", "0119"),
        ("KW01/2019", "0119"),
        ("DOT KW 1 2019", "0119"),
        ("0119.0", "0119"),
        ("119", "0119"),
        ("119.0", "0119"),
        ("19", "19"),
        ("01.03.2019", "01.03.2019"),
        ("012019", "012019"),
        ("older than 36 months", "older than 36 months"),
        ("Older  than 36 Months", "older than 36 months"),
        ("", ""),
        ("DOT", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_equal_dots_compare_equal(cell: str, dot: str) -> None:
    assert Dots(PLAIN)(cell) == dot


def test_a_damaged_dot_is_rejected() -> None:
    with pytest.raises(Unreadable, match="file damaged"):
        Dots(PLAIN)("23\x0019")


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("2", 2),
        ("2 Tage", 2),
        ("2-3 Tage", 3),
        ("24h", 1),
        ("36 Std.", 2),
        ("5 Werktage", 5),
        ("2.0", 2),
        ("", None),
    ],
)
def test_delivery_is_promised_no_earlier_than_the_supplier_says(
    cell: str, days: int | None
) -> None:
    assert DeliveryDays(PLAIN)(cell) == days


@pytest.mark.parametrize("cell", ["sofort", "15.03.2026", "999", "-1"])
def test_a_delivery_that_is_no_span_of_days_is_rejected(cell: str) -> None:
    with pytest.raises(Unreadable, match="empty_words"):
        DeliveryDays(PLAIN)(cell)


def test_article_numbers_stay_as_they_are_written() -> None:
    article_no = ArticleNumbers(Reading(empty_words=("n/a",)))

    assert article_no(" 00123-A ") == "00123-A"
    assert article_no('="00123"') == "00123"
    assert article_no("Größe\xa05") == "Größe 5"
    assert article_no("N/A") == ""
    assert article_no("12\N{ARABIC DECIMAL SEPARATOR}5") == "12.5"


@pytest.mark.parametrize("cell", ["A\x001", "A\x1b[31m", "A" * 101])
def test_an_article_number_that_no_one_can_type_is_rejected(cell: str) -> None:
    with pytest.raises(Unreadable, match="article number"):
        ArticleNumbers(PLAIN)(cell)


def test_a_makers_name_is_tidied_and_an_empty_one_is_none() -> None:
    names = Names(Reading(empty_words=("null",)))

    assert names("  Nokian\xa0 Tyres ") == "Nokian Tyres"
    assert names("Null") is None
    with pytest.raises(Unreadable, match="file damaged"):
        names("Nok\0ian")


def test_a_full_memo_forgets_and_reads_again_and_long_texts_are_never_kept() -> None:
    read: list[str] = []

    def length(text: str) -> int:
        read.append(text)
        return len(text)

    memo = Memo(length, room=2)
    long = "x" * 65

    assert [memo[text] for text in ("a", "a", "bb", "ccc", "a", long, long)] == [
        1,
        1,
        2,
        3,
        1,
        65,
        65,
    ]
    assert read == ["a", "bb", "ccc", "a", long, long]
    assert len(memo) <= 2
