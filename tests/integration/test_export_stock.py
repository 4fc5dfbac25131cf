"""An export's lines are the same bytes from each database, whatever stands in the stock."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest

from domain.errors import DiskFull, Refused
from domain.jobs.stock_export.offers import Offered
from domain.jobs.stock_export.setting import ExportSetting
from export_shop import put_stock
from infra.files.export_files import ExportFolder
from infra.files.export_settings import load_exports
from infra.sql.engine import make_engine
from infra.sql.export_settings import SqlExportSettings
from infra.sql.exporting.stock_table import SqlStockTable
from servers import KINDS, database
from servers.access import Access

ALL = """
[export.7]
name = "All"
[export.7.stock]
{stock}
[export.7.price]
group = "g"
{price}
[export.7.file]
name = "all.csv"
columns = {{ {columns} }}
{file}
[export.7.delivery]
partner = "p"
[price.g]
rules = [{rules}]
"""
COLUMNS = (
    '"a;b" = "article", "EAN" = "ean", "M" = "maker", "No" = "maker_no", "N" = "name",'
    ' "Q" = "quantity", "P" = "price", "C" = "currency", "D" = "delivery_days"'
)

ARTICLES = [
    (1, "4006381333931", "Norvik", "N;1", 'Reifen "Winter" 205/55 R16'),
    (2, "4006381333930", "Norvik", None, "Wrong\r\ncheck\tdigit"),
    (3, "96385074", "Süd", "", "EAN-8, ł outside cp1252"),
    (4, "036000291452", "Süd", "x" * 100, "UPC"),
    (5, "12345", "Nord", "5", "too short"),
    (6, "40063813x3931", "Nord", "6", "no digits"),
    (7, None, None, "7", "no EAN, no maker"),
    (8, "10012345678902", "Nord", "8", "GTIN-14 ' % :name"),
    (20, "", "Nord", "20", "sorted by number, not as text"),
]
"""Each has an offer of supplier 23; see STOCK."""

# supplier, article, pieces, cents, currency, days
STOCK = [
    (23, 1, 10, 5000, "EUR", 3),
    (31, 1, 4, 4000, "EUR", 1),
    (42, 1, 0, 100, "EUR", None),
    (57, 1, 99, 1, "GBP", 1),
    (23, 2, 1, 10005, "EUR", None),
    (23, 3, 3, 99, "EUR", 2),
    (23, 4, 1000, 123456789, "EUR", 2),
    (23, 5, 0, 5000, "EUR", 2),
    (23, 6, 7, None, "EUR", 2),
    (23, 7, 7, 0, "EUR", 2),
    (23, 8, 7, 5000, "EUR", 0),
    (23, 20, 5, 5000, "EUR", 2),
]


@contextmanager
def stocked(kind: str) -> Iterator[str]:
    """Give a database with all of the above."""
    with database(kind) as url, Access(url) as access:
        access.many(
            "INSERT INTO article (id, ean, maker, maker_no, name) VALUES (?,?,?,?,?)", ARTICLES
        )
        access.many(
            "INSERT INTO supplier_article (supplier_id, supplier_article_no, article_id,"
            " matched_by, matched_at) VALUES (?, ?, ?, 'ean', '')",
            [(supplier, f"A{article}", article) for supplier, article, *_ in STOCK],
        )
        access.many(
            "INSERT INTO supplier_stock (supplier_id, supplier_article_no, qty, price_cents,"
            " currency, delivery_days, seen_run, updated_at) VALUES (?, ?, ?, ?, ?, ?, 1, '')",
            [(row[0], f"A{row[1]}", *row[2:]) for row in STOCK],
        )
        yield url


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with stocked(request.param) as url:
        yield url


def setting_of(**parts: str) -> str:
    known = {"stock": "", "price": "", "file": "", "columns": COLUMNS, "rules": "{percent = 10.0}"}
    return ALL.format(**(known | parts))


def stored(url: str, text: str, stack: ExitStack) -> tuple[SqlStockTable, ExportSetting]:
    engine, reader = make_engine(url), make_engine(url, read_only=True)
    stack.callback(engine.dispose)
    stack.callback(reader.dispose)
    loaded = load_exports(text)
    SqlExportSettings(engine).load(loaded)
    return SqlStockTable(reader), loaded.exports[0]


def exported(url: str, folder: Path, **parts: str) -> bytes:
    """Give the file's bytes."""
    with ExitStack() as stack:
        stock, setting = stored(url, setting_of(**parts), stack)
        lines = stack.enter_context(stock.lines(setting))
        files = ExportFolder(folder, lambda: date(2026, 11, 21))
        new = stack.enter_context(files.write(setting, lines, on_disk=True))
        new.keep()
        content = (folder / new.facts.path).read_bytes()
        assert new.facts.digest == hashlib.sha256(content).hexdigest()
        return content


def rows(url: str, folder: Path, column: str, **parts: str) -> dict[int, str]:
    """Give one column by article."""
    columns = f'"A" = "article", "X" = "{column}"'
    content = exported(url, folder, columns=columns, **parts).decode()
    pairs = (line.split(";") for line in content.splitlines()[1:])
    return {int(article): value for article, value in pairs}


def test_every_column_is_written_as_its_setting_says(url: str, tmp_path: Path) -> None:
    content = exported(url, tmp_path, file='encoding = "cp1252"').decode("cp1252")

    assert content.split("\r\n") == [
        '"a;b";EAN;M;No;N;Q;P;C;D',
        '1;4006381333931;Norvik;"N;1";"Reifen ""Winter"" 205/55 R16";14;44,00;EUR;1',
        "2;;Norvik;;Wrong  check digit;1;110,06;EUR;",
        "3;96385074;Süd;;EAN-8, ? outside cp1252;3;1,09;EUR;2",
        f"4;036000291452;Süd;{'x' * 100};UPC;1000;1358024,68;EUR;2",
        "5;;Nord;5;too short;0;55,00;EUR;",
        "8;10012345678902;Nord;8;GTIN-14 ' % :name;7;55,00;EUR;0",
        "20;;Nord;20;sorted by number, not as text;5;55,00;EUR;2",
        "",
    ]


@pytest.mark.parametrize(
    ("stock", "expected"),
    [
        ("safety = 3", {1: "11", 2: "0", 3: "0", 4: "997", 5: "0", 8: "4", 20: "2"}),
        ("most = 7", {1: "7", 2: "1", 3: "3", 4: "7", 5: "0", 8: "7", 20: "5"}),
        ("safety = 5\nmost = 8\nsold_out = false", {1: "8", 4: "8", 8: "2"}),
        ("suppliers = [31, 42]", {1: "4"}),
        ("suppliers = [99]", {}),
    ],
)
def test_pieces_are_held_back_capped_and_those_of_the_suppliers_meant(
    url: str, tmp_path: Path, stock: str, expected: dict[int, str]
) -> None:
    assert rows(url, tmp_path, "quantity", stock=stock) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"price": 'offer = "highest"'}, "55,00"),
        ({"price": 'currency = "GBP"'}, "0,01"),
        ({"rules": "{supplier = 31, plus = 5.0}, {percent = 50.0}"}, "45,00"),
        ({"rules": '{maker = "norvik"}, {maker = "Norvik", percent = -10.0}'}, "36,00"),
        ({"rules": "{from_price = 45.0, percent = 1.0}"}, "50,50"),
        ({"rules": "{percent = 0.01}"}, "40,00"),
        ({"rules": "{percent = 12.34}", "file": 'decimal = "."'}, "44.94"),
    ],
)
def test_the_first_rule_that_fits_an_offer_makes_its_price(
    url: str, tmp_path: Path, parts: dict[str, str], expected: str
) -> None:
    assert rows(url, tmp_path, "price", **parts)[1] == expected


def test_an_offer_that_no_rule_fits_and_one_made_free_are_left_out(
    url: str, tmp_path: Path
) -> None:
    assert rows(url, tmp_path, "price", rules="{maker = 'Nobody'}") == {}
    assert 3 not in rows(url, tmp_path, "price", rules="{plus = -0.99}")


def test_without_a_quote_no_delimiter_is_left_in_a_text(url: str, tmp_path: Path) -> None:
    found = exported(url, tmp_path, file='quote = ""', columns='"A" = "article", "N" = "maker_no"')

    assert found.splitlines()[1] == b"1;N 1"


@pytest.mark.parametrize(
    ("encoding", "start"),
    [("utf-8-sig", b"\xef\xbb\xbfA\r\n1\r\n2"), ("utf-16", "A\r\n1\r\n2".encode("utf-16"))],
)
def test_a_mark_of_the_encoding_stands_once_at_the_start(
    url: str, tmp_path: Path, encoding: str, start: bytes
) -> None:
    found = exported(url, tmp_path, file=f'encoding = "{encoding}"', columns='"A" = "article"')

    assert found.startswith(start)
    assert len(found.decode(encoding).split()) == 8


def test_a_zip_of_equal_stock_is_equal_and_holds_the_file(url: str, tmp_path: Path) -> None:
    form = 'zip = true\nline_end = "lf"\nheader = false'
    packed = [exported(url, tmp_path / name, file=form) for name in ("one", "two")]

    with zipfile.ZipFile(io.BytesIO(packed[0])) as archive:
        assert archive.namelist() == ["all.csv"]
        assert archive.read("all.csv").count(b"\n") == 7
    assert packed[0] == packed[1]


def test_a_character_that_may_not_be_replaced_refuses_the_file(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"lacks 'ł' \(in the line '3;.*set file.replacement"):
        exported(url, tmp_path, file='encoding = "cp1252"\nreplacement = ""')

    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_what_a_marketplace_is_told_are_numbers_and_sound_eans(url: str) -> None:
    with ExitStack() as stack:
        stock, setting = stored(url, setting_of(stock="safety = 3"), stack)
        offers = list(stack.enter_context(stock.offers(setting)))

    assert offers[0] == Offered(
        article=1,
        ean="4006381333931",
        maker="Norvik",
        maker_no="N;1",
        quantity=11,
        price_cents=4400,
    )
    assert [(it.article, it.ean, it.quantity) for it in offers[1:3]] == [
        (2, "", 0),
        (3, "96385074", 0),
    ]


def test_a_group_without_rules_is_told(url: str, tmp_path: Path) -> None:
    text = setting_of().replace('group = "g"', 'group = "other"')
    with ExitStack() as stack:
        stock, setting = stored(url, text, stack)
        with pytest.raises(Refused, match="price group 'other' has no rule"):
            stack.enter_context(stock.lines(setting))


def test_the_date_in_a_name_is_the_shop_s_day(tmp_path: Path) -> None:
    setting = load_exports(setting_of().replace("all.csv", "stock_{date}.csv")).exports[0]
    files = ExportFolder(tmp_path, lambda: date(2026, 3, 29))

    with files.write(setting, [b"x\n"], on_disk=False) as new:
        assert (new.facts.name, new.facts.rows) == ("stock_20260329.csv", 1)


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    setting = load_exports(setting_of()).exports[0]
    full = tmp_path / "7"
    full.mkdir()
    (full / "all.csv.part").symlink_to("/dev/full")

    with (
        pytest.raises(DiskFull, match="no room left"),
        ExportFolder(tmp_path, date.today).write(setting, [b"x" * 1_000_000], on_disk=True),
    ):
        pytest.fail("it was written")

    assert list(full.iterdir()) == []


def test_only_the_newest_good_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "7"
    folder.mkdir()
    for name in ("one", "two", "left.part"):
        (folder / name).touch()

    ExportFolder(tmp_path, date.today).tidy(7, ["7/two"])

    assert [path.name for path in folder.iterdir()] == ["two"]


def test_stock_put_by_the_tests_has_sound_numbers() -> None:
    with database("sqlite") as url:
        put_stock(url, [(23, 1, 1, 100)])
        with ExitStack() as stack:
            stock, setting = stored(url, setting_of(), stack)
            assert [it.ean for it in stack.enter_context(stock.offers(setting))] == [
                "4000000000013"
            ]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    setting = load_exports(setting_of()).exports[0]
    (tmp_path / "7").touch()

    with (
        pytest.raises(Refused, match="cannot be written"),
        ExportFolder(tmp_path, date.today).write(setting, [b"x\n"], on_disk=True),
    ):
        pytest.fail("it was written")
