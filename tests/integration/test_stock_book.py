from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import StopRequested
from domain.jobs.supplier_import.failures import FeedStale
from domain.jobs.supplier_import.plausibility import Implausible
from domain.jobs.supplier_import.setting import Duplicates, Guards, Mode, Reading
from domain.operating.run import UnitResult
from fakes.supplier_import import FakeRun
from import_shop import LENIENT, ImportShop, import_setting
from infra.sql.booking import MOST_REJECTS
from servers import KINDS, database

EAN, OTHER_EAN = "4006381333931", "5901234123457"


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImportShop]:
    with database(request.param) as url:
        yield ImportShop(tmp_path, url)


def _later(shop: ImportShop, *lines: str, name: str = "later.csv") -> None:
    shop.receives(*lines, name=name, minutes_old=30)


# --- what changes -----------------------------------------------------------------------------


def test_a_full_list_brings_new_changed_and_gone_articles(shop: ImportShop) -> None:
    shop.receives("A;4;10,00", "B;5;20,00", "C;6;30,00")
    shop.imports()
    _later(shop, "A;4;10,00", "B;5;21,00", "D;1;5,00")

    counts = shop.imports().units[0].counts

    assert shop.stock() == {
        ("A", ""): (4, 1000), ("B", ""): (5, 2100), ("C", ""): (0, 3000), ("D", ""): (1, 500),
    }  # fmt: skip
    assert {key: counts[key] for key in ("lines", "new", "changed", "gone", "unchanged")} == {
        "lines": 3, "new": 1, "changed": 1, "gone": 1, "unchanged": 1,
    }  # fmt: skip


def test_a_delta_leaves_what_it_does_not_list(shop: ImportShop) -> None:
    shop.settings[23] = import_setting(mode=Mode.DELTA)
    shop.receives("A;4", "B;5")
    shop.imports()
    _later(shop, "B;7")

    assert shop.imports().units[0].counts["gone"] == 0
    assert shop.quantities() == {"A": 4, "B": 7}


def test_an_article_listed_again_comes_back(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    _later(shop, "A;4")
    shop.imports()
    _later(shop, "A;4", "B;5", name="third.csv")
    shop.imports()

    assert shop.quantities() == {"A": 4, "B": 5}


@pytest.mark.parametrize("cells", ["A;4;10,01", f"A;4;10,00;{OTHER_EAN}", "A;4;10,00;;;;;3"])
def test_a_change_of_price_ean_or_delivery_is_a_change(shop: ImportShop, cells: str) -> None:
    shop.receives(f"A;4;10,00;{EAN}")
    shop.imports()
    _later(shop, cells)

    assert shop.imports().units[0].counts["changed"] == 1


def test_a_change_of_currency_is_a_change(shop: ImportShop) -> None:
    shop.receives("A;4;10,00")
    shop.imports()
    shop.settings[23] = import_setting(reading=Reading(currency="CHF"))

    assert shop.imports(update_anyway=True).units[0].counts["changed"] == 1
    assert shop.rows("SELECT currency FROM supplier_stock") == [("CHF",)]


def test_each_dot_of_an_article_is_stock_of_its_own(shop: ImportShop) -> None:
    shop.receives("A;4;;;2319", "A;6;;;1022")
    shop.imports()
    _later(shop, "A;5;;;1022")
    shop.imports()

    assert sorted(qty for qty, _ in shop.stock().values()) == [0, 5]


def test_other_suppliers_stock_is_left_alone(shop: ImportShop) -> None:
    shop.settings[31] = import_setting(31)
    shop.receives("A;4", supplier_id=31)
    shop.imports(supplier=31)
    shop.receives("B;5")
    shop.imports()

    assert shop.stock(31) == {("A", ""): (4, None)}


# --- several lines of one article -------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Duplicates.SUM, {"A": (15, 1200), "B": (1, 100)}),
        (Duplicates.MAX, {"A": (7, 1100), "B": (1, 100)}),
        (Duplicates.LAST, {"A": (3, 1200), "B": (1, 100)}),
        (Duplicates.REJECT, {"B": (1, 100)}),
    ],
)
def test_duplicates_are_settled_as_the_setting_says(
    shop: ImportShop, rule: Duplicates, expected: dict[str, tuple[int, int]]
) -> None:
    shop.settings[23] = import_setting(duplicates=rule)
    shop.receives("A;5;10,00", "B;1;1,00", "A;7;11,00", "A;3;12,00")

    shop.imports()

    assert {article: value for (article, _), value in shop.stock().items()} == expected


def test_of_equal_quantities_the_later_line_is_the_greatest(shop: ImportShop) -> None:
    shop.settings[23] = import_setting(duplicates=Duplicates.MAX)
    shop.receives("A;7;10,00", "A;7;12,00", "A;1;9,00")

    shop.imports()

    assert shop.stock() == {("A", ""): (7, 1200)}


def test_rejected_duplicates_are_listed_by_line_and_keep_their_stock(shop: ImportShop) -> None:
    shop.settings[23] = import_setting(duplicates=Duplicates.REJECT)
    shop.receives("A;5", "B;1")
    shop.imports()
    _later(shop, "A;6", "B;1", "A;7")

    counts = shop.imports().units[0].counts

    assert (counts["lines"], counts["rejected"], counts["gone"]) == (1, 2, 0)
    assert shop.quantities() == {"A": 5, "B": 1}
    assert shop.rows("SELECT line, raw FROM import_reject") == [(1, "A  6"), (3, "A  7")]


# --- history, rejects, repetition -------------------------------------------------------------


def test_history_holds_each_change_and_nothing_else(shop: ImportShop) -> None:
    shop.receives("A;4;10,00", "B;5;20,00", "C;6;30,00")
    shop.imports()
    _later(shop, "A;4;10,00", "B;9;20,00")
    shop.imports()

    assert shop.rows(
        'SELECT import_run_id, supplier_article_no, "change", old_qty, new_qty, old_price_cents,'
        " new_price_cents FROM supplier_stock_history"
    ) == [
        (1, "A", "new", None, 4, None, 1000),
        (1, "B", "new", None, 5, None, 2000),
        (1, "C", "new", None, 6, None, 3000),
        (2, "B", "changed", 5, 9, 2000, 2000),
        (2, "C", "gone", 6, 0, 3000, 3000),
    ]


def test_the_same_file_twice_changes_no_row_even_anyway(shop: ImportShop) -> None:
    tables = ("supplier_stock", "supplier_stock_history", "match_review", "supplier_article")
    shop.receives("A;4;10,00", "A;1;10,00", f"B;5;20,00;{EAN}")
    shop.imports()
    once = shop.dump(*tables)

    summary = shop.imports(update_anyway=True)

    assert shop.dump(*tables) == once
    assert summary.units[0].counts["unchanged"] == 2


def test_an_unchanged_row_is_not_touched(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    _later(shop, "A;4", "B;6")
    shop.imports()

    assert shop.rows("SELECT supplier_article_no, seen_run FROM supplier_stock") == [
        ("A", 1),
        ("B", 2),
    ]


def test_an_article_whose_line_is_rejected_keeps_its_stock(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    _later(shop, "A;auf Lager")

    counts = shop.imports().units[0].counts

    assert (counts["rejected"], counts["gone"]) == (1, 1)
    assert shop.quantities() == {"A": 4, "B": 0}


def test_rejects_are_kept_with_line_reason_and_text(shop: ImportShop) -> None:
    shop.receives("A;4", "B;auf Lager", "C;5")

    shop.imports()

    [(line, supplier, reason, raw)] = shop.rows(
        "SELECT line, supplier_id, reason, raw FROM import_reject"
    )
    assert (line, supplier) == (2, 23)
    assert "auf lager" in reason.lower()
    assert raw.startswith("B;auf Lager")


def test_only_the_first_rejects_are_kept_but_all_are_counted(shop: ImportShop) -> None:
    shop.receives(*(f"A{n};x" for n in range(MOST_REJECTS + 5)))

    assert shop.imports().units[0].counts["rejected"] == MOST_REJECTS + 5
    assert shop.rows("SELECT count(*), max(line) FROM import_reject") == [
        (MOST_REJECTS, MOST_REJECTS)
    ]


def test_every_import_leaves_a_row_with_its_file_and_counts(shop: ImportShop) -> None:
    shop.receives("A;4", "B;x")

    shop.imports()

    assert shop.rows(
        'SELECT run_id, supplier_id, status, actor, file_name, file_mtime, length(sha256), "lines",'
        " new, rejected, review, forced, finished_at FROM import_run"
    ) == [
        ("0199-run", 23, "booked", "updating", "stock.csv", "2026-11-21T11:00:00.000000Z", 64, 1,
         1, 1, 1, 0, "2026-11-21T12:00:00.000000Z"),
    ]  # fmt: skip


def test_a_file_whose_long_name_is_no_text_is_imported(shop: ImportShop) -> None:
    shop.receives("A;4", name=os.fsdecode(b"\xff" * 100 + b".csv"))

    shop.imports()

    assert shop.quantities() == {"A": 4}
    assert shop.rows("SELECT substr(file_name, 1, 8), length(file_name) FROM import_run") == [
        ("\\xff\\xff", 255)
    ]


# --- guards -----------------------------------------------------------------------------------


def test_a_refused_file_changes_no_stock_and_shows_its_rejects(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    before = shop.dump("supplier_stock", "supplier_stock_history", "match_review")
    shop.settings[23] = import_setting(guards=Guards())
    path = shop.receives("A;4", "B;x", name="bad.csv")

    with pytest.raises(Implausible, match="1 of 2 lines were rejected"):
        shop.imports()

    assert shop.dump("supplier_stock", "supplier_stock_history", "match_review") == before
    assert shop.rows("SELECT status, file_name, rejected FROM import_run WHERE id = 2") == [
        ("failed", "bad.csv", 1)
    ]
    assert shop.rows("SELECT import_run_id, line FROM import_reject") == [(2, 2)]
    assert path.exists()
    assert "1 of 2 lines" in path.with_name("bad.csv.FAILED.txt").read_text("utf-8")


def test_the_drop_guard_counts_vanished_and_emptied_articles_that_had_stock(
    shop: ImportShop,
) -> None:
    shop.receives("A;4", "B;5", "C;6", "D;0")
    shop.imports()
    shop.settings[23] = import_setting(guards=Guards(max_drop_percent=60))
    _later(shop, "A;4", "B;0")

    with pytest.raises(Implausible, match="2 of 3 articles in stock would have none"):
        shop.imports()


def test_force_books_once_and_takes_the_mark_off(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    shop.settings[23] = import_setting(guards=Guards())
    _later(shop, "A;4")
    with pytest.raises(Implausible):
        shop.imports()

    shop.imports(force=True, reason="range halved")

    assert shop.quantities() == {"A": 4, "B": 0}
    assert shop.rows(
        "SELECT forced, message FROM import_run WHERE status = 'booked' AND id > 1"
    ) == [(1, "range halved")]
    assert [path.name for path in shop.inbox().iterdir()] == ["archive"]


# --- matching ---------------------------------------------------------------------------------


@pytest.fixture
def articles(shop: ImportShop) -> ImportShop:
    shop.writes(
        "INSERT INTO article (id, ean, maker, maker_no, name) VALUES (?, ?, ?, ?, ?)",
        (1, EAN, "Michelin", "M-1", "Primacy"),
        (2, OTHER_EAN, "Pirelli", "P-1", "Cinturato"),
        (3, OTHER_EAN, "Pirelli", "P-2", "Cinturato, other box"),
        (4, None, "MAK", "MM6560", "Wheel"),
    )
    return shop


def test_an_article_is_found_by_ean_else_by_maker_and_number(articles: ImportShop) -> None:
    articles.receives(f"A;4;;{EAN};;Pirelli;P-1", "B;4;;;;mak;MM6560", "C;4;;;;MAK;other")

    assert articles.imports().units[0].counts["review"] == 1
    assert articles.rows(
        "SELECT supplier_id, supplier_article_no, article_id, matched_by FROM supplier_article"
    ) == [(23, "A", 1, "ean"), (23, "B", 4, "maker_no")]
    assert articles.rows("SELECT supplier_article_no, reason FROM match_review") == [
        ("C", "unknown")
    ]


def test_an_ean_of_several_articles_waits_for_a_person(articles: ImportShop) -> None:
    articles.receives(f"A;4;;{OTHER_EAN};;Pirelli;P-1")

    articles.imports()

    assert articles.rows("SELECT supplier_article_no, ean, reason FROM match_review") == [
        ("A", OTHER_EAN, "ambiguous")
    ]
    assert articles.dump("supplier_article") == []


def test_a_link_that_stands_is_not_questioned(articles: ImportShop) -> None:
    articles.writes(
        "INSERT INTO supplier_article VALUES (?, ?, ?, ?, ?)", (23, "A", 4, "person", "2026")
    )
    before = articles.dump("supplier_article")
    articles.receives(f"A;4;;{EAN}")

    assert articles.imports().units[0].counts["review"] == 0
    assert articles.dump("supplier_article") == before


def test_a_review_closes_itself_once_the_shop_has_the_article(shop: ImportShop) -> None:
    shop.receives(f"A;4;;{EAN}", "B;5")
    shop.imports()
    assert shop.rows("SELECT supplier_article_no FROM match_review") == [("A",), ("B",)]
    shop.writes("INSERT INTO article (id, ean, name) VALUES (?, ?, ?)", (9, EAN, "Primacy"))
    _later(shop, f"A;4;;{EAN}", "B;6")

    shop.imports()

    assert shop.rows("SELECT supplier_article_no, article_id FROM supplier_article") == [("A", 9)]
    assert shop.rows("SELECT supplier_article_no FROM match_review") == [("B",)]


# --- age --------------------------------------------------------------------------------------


def test_the_same_content_under_a_new_name_counts_as_news_of_the_day(shop: ImportShop) -> None:
    shop.receives("A;4")
    shop.imports()
    shop.clock.sleep(23 * 3600)
    shop.receives("A;4", name="again.csv", minutes_old=-22 * 60)
    assert shop.imports().units[0].result is UnitResult.UNCHANGED

    shop.clock.sleep(3 * 3600)

    assert shop.imports().units[0].result is UnitResult.UNCHANGED
    assert shop.rows("SELECT status, file_name FROM import_run") == [
        ("booked", "stock.csv"),
        ("unchanged", "again.csv"),
    ]


def test_an_older_list_never_takes_the_place_of_a_newer_one(shop: ImportShop) -> None:
    shop.receives("A;9", name="tuesday.csv", minutes_old=10)
    shop.imports()
    shop.receives("A;4", name="monday.csv", minutes_old=60)

    assert shop.imports().units[0].result is UnitResult.UNCHANGED

    assert shop.quantities() == {"A": 9}
    (monday,) = (shop.inbox() / "archive").glob("*_monday.csv")
    shop.receives("A;9", name="copy.csv", minutes_old=50)
    shop.imports()
    shop.receives("A;3", name="late-monday.csv", minutes_old=40)
    shop.imports()
    assert shop.quantities() == {"A": 9}
    shop.imports(file=f"archive/{monday.name}", force=True, reason="tuesday's list was wrong")
    assert shop.quantities() == {"A": 4}


def test_a_list_dated_in_the_future_is_kept_as_of_now_and_followed_by_the_next(
    shop: ImportShop,
) -> None:
    shop.receives("A;4", minutes_old=-365 * 24 * 60)
    shop.imports()

    assert shop.rows("SELECT file_mtime FROM import_run") == [("2026-11-21T12:00:00.000000Z",)]
    shop.clock.sleep(3600)
    shop.receives("A;7", name="next.csv", minutes_old=-30)
    shop.imports()
    assert shop.quantities() == {"A": 7}


def test_a_booked_file_that_cannot_be_moved_is_moved_by_the_next_run(shop: ImportShop) -> None:
    archive = shop.inbox() / "archive"
    archive.write_text("in the way", "utf-8")
    os.utime(archive, (0, 0))  # never the newest, whatever this machine's clock says
    shop.receives("A;4")

    stuck = shop.imports().units[0]

    assert (stuck.result, stuck.counts["new"]) == (UnitResult.FAILED, 1)
    assert shop.quantities() == {"A": 4}
    assert sorted(path.name for path in shop.inbox().iterdir()) == ["archive", "stock.csv"]
    archive.unlink()
    assert shop.imports().units[0].result is UnitResult.UNCHANGED
    assert [path.name for path in shop.inbox().iterdir()] == ["archive"]


def test_stock_zeroed_for_age_comes_back_with_the_very_same_file(shop: ImportShop) -> None:
    day = 24 * 3600
    shop.settings[23] = import_setting(guards=_zeroing())
    shop.receives("A;4", "B;0")
    shop.imports()
    shop.clock.sleep(3 * day)
    for _ in range(2):
        with pytest.raises(FeedStale, match="stock of"):
            shop.imports()
    assert shop.quantities() == {"A": 0, "B": 0}
    assert shop.rows("SELECT count(*) FROM import_run WHERE status = 'zeroed'") == [(1,)]
    assert shop.rows(
        'SELECT supplier_article_no, "change", old_qty FROM supplier_stock_history'
        " WHERE import_run_id > 1"
    ) == [("A", "gone", 4)]

    shop.receives("A;4", "B;0", name="again.csv", minutes_old=-3 * day / 60 + 60)

    assert shop.imports().units[0].result is UnitResult.DONE
    assert shop.quantities() == {"A": 4, "B": 0}


def _zeroing() -> Guards:
    return replace(LENIENT, zero_after=timedelta(days=2))


# --- a dry run, a stop ------------------------------------------------------------------------


def test_a_dry_run_writes_nothing_and_foretells_the_real_one(shop: ImportShop) -> None:
    shop.receives("A;4;10,00", "B;5", "C;x")
    shop.imports()
    _later(shop, "A;4;11,00", "D;1", "D;1", "E;x")
    before = shop.fingerprint()

    foretold = shop.imports(FakeRun(dry_run=True))

    assert shop.fingerprint() == before
    assert foretold.units == shop.imports().units


def test_a_dry_run_of_a_refused_or_stale_file_writes_nothing(shop: ImportShop) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    shop.settings[23] = import_setting(guards=Guards())
    _later(shop, "A;4")
    before = shop.fingerprint()
    with pytest.raises(Implausible):
        shop.imports(FakeRun(dry_run=True))
    shop.settings[23] = import_setting(guards=_zeroing())
    shop.clock.sleep(9 * 24 * 3600)

    with pytest.raises(FeedStale):
        shop.imports(FakeRun(dry_run=True))

    assert shop.fingerprint() == before


def test_a_stop_inside_the_transaction_rolls_it_back(shop: ImportShop) -> None:
    shop.receives("A;4")

    with pytest.raises(StopRequested):
        shop.imports(FakeRun(stop_at="applied"))

    assert shop.dump("supplier_stock", "import_run", "supplier_stock_history") == []
    assert shop.imports().units[0].result is UnitResult.DONE


def test_a_run_that_died_between_commit_and_archive_is_completed(shop: ImportShop) -> None:
    shop.receives("A;4")
    with pytest.raises(StopRequested):
        shop.imports(FakeRun(stop_at="committed"))
    assert shop.quantities() == {"A": 4}

    assert shop.imports().units[0].result is UnitResult.UNCHANGED

    assert [path.name for path in shop.inbox().iterdir()] == ["archive"]


def test_a_checkpoint_is_passed_every_fifty_thousand_lines(shop: ImportShop) -> None:
    shop.receives(*(f"A{n};1" for n in range(100_001)))
    run = FakeRun()

    shop.imports(run)

    assert run.checkpoints.count("lines") == 2
