"""CR-002 through bin/console: files generated and delivered, each export by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from export_shop import EXPORT, ExportShop, export_toml, results, some
from private_shop import CHECKOUT, events
from servers import KINDS, database

SEVEN, EIGHT = "export 7 (Platform 7)", "export 8 (Platform 8)"
TEN = [f"{n};{n % 9 + 1};{(5000 + n) * 1.1 / 100:.2f}".replace(".", ",") for n in range(1, 11)]


@pytest.fixture
def shop(tmp_path: Path) -> ExportShop:
    shop = ExportShop(tmp_path / "shop", exports=[export_toml()])
    shop.stock(some(10))
    return shop


def test_a_file_is_generated_and_delivered_with_what_it_holds(shop: ExportShop) -> None:
    code, told = shop.export()

    assert (code, told["outcome"], told["items"]["articles"]) == (0, "succeeded", 10)
    content = shop.delivered()["stock-7.csv"].decode().split("\r\n")
    assert content[:3] == ["Article;Stock;Price", "1;2;55,01", "2;3;55,02"]
    assert content[-2:] == ["10;2;55,11", ""]
    assert shop.kept() == ["stock-7.csv"]


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: str
) -> None:
    def made(name: str, url: str = "") -> ExportShop:
        shop = ExportShop(tmp_path / name, url=url, exports=[export_toml()])
        shop.stock(some(10))
        return shop

    undisturbed = made("undisturbed")
    names = tmp_path / "checkpoints"
    undisturbed.start_faulty(f"record:{names}", EXPORT).communicate(timeout=60)
    expected = undisturbed.left()
    checkpoints = names.read_text("utf-8").split()
    assert {"written", "kept", "entered", "generated", "sent", "delivered", "settled"} <= set(
        checkpoints
    )

    with database(kind) as url:
        shop = made(f"killed-{kind}", url)
        for number in range(1, len(checkpoints) + 1, 1 if kind == "sqlite" else 4):
            killed = shop.start_faulty(f"kill:{number}", EXPORT)
            killed.communicate(timeout=60)
            name = checkpoints[number - 1]
            assert killed.returncode == 70, name
            seen = shop.delivered().get("stock-7.csv", b"")
            assert seen in {b"", expected["delivered"]["stock-7.csv"]}, name
        assert shop.export()[0] == 0
        assert shop.left() == expected


def test_a_second_run_delivers_the_same_bytes_again_for_some_platforms_want_a_daily_file(
    shop: ExportShop,
) -> None:
    shop.export()
    before = shop.delivered()

    code, told = shop.export()

    assert (code, told["outcome"]) == (0, "succeeded")
    assert "the same content as last time" in told["units"][0]["message"]
    assert shop.delivered() == before
    assert shop.kept() == ["stock-7.csv"]


def test_a_second_run_changes_nothing_where_unchanged_files_are_not_wanted(
    shop: ExportShop,
) -> None:
    shop.load(export_toml(delivery="deliver_unchanged = false"))
    shop.export()
    (shop.partner / "stock-7.csv").unlink()

    code, told = shop.export()

    assert (code, told["outcome"]) == (0, "empty")
    assert shop.delivered() == {}


def test_the_same_firing_twice_exports_once(shop: ExportShop) -> None:
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

    codes = [shop.console(EXPORT, firing).returncode for _ in range(2)]

    assert codes == [0, 0]
    assert [run["outcome"] for run in shop.runs()] == ["skipped_duplicate", "succeeded"]


def test_a_dry_run_tells_what_would_be_sent_and_changes_nothing(shop: ExportShop) -> None:
    code, told = shop.export("--dry-run")

    assert (code, told["items"]["articles"], told["items"]["files"]) == (0, 10, 1)
    assert shop.delivered() == {}
    assert not (shop.root / "var" / "export").exists()
    assert shop.query("SELECT COUNT(*) FROM export_run") == [(0,)]


def test_a_partner_that_is_away_fails_its_export_only_and_the_file_waits(shop: ExportShop) -> None:
    shop.load(export_toml(8).replace('"platform"\n\n[price', '"away"\n\n[price'))

    code, told = shop.export()

    assert (code, told["outcome"]) == (4, "partial")
    assert results(told) == {SEVEN: "done", EIGHT: "failed"}
    assert shop.kept() == ["stock-7.csv", "stock-8.csv"]

    shop.load(export_toml(8))
    shop.stock(some(3))
    code, told = shop.export("--export=8", "--skip-generation")

    assert (code, results(told)) == (0, {EIGHT: "done"})
    assert shop.delivered()["stock-8.csv"].count(b"\n") == 11


def _lost(shop: ExportShop) -> None:
    shutil.rmtree(shop.root / "var" / "export")


def _changed(shop: ExportShop) -> None:
    for file in (shop.root / "var" / "export").rglob("*.csv"):
        file.write_text("something else", "utf-8")


def _aged(shop: ExportShop) -> None:
    shop.load(export_toml(delivery="max_age_hours = 0.000001"))


@pytest.mark.parametrize(
    ("ruin", "complaint"),
    [
        (_lost, "cannot be read"),
        (_changed, "is not what was generated"),
        (_aged, "older than delivery.max_age_hours"),
    ],
)
def test_without_generation_only_a_good_file_is_delivered(
    shop: ExportShop, ruin: Callable[[ExportShop], None], complaint: str
) -> None:
    _, told = shop.export("--skip-generation")
    assert "no good file is kept yet" in told["units"][0]["message"]
    shop.export()
    ruin(shop)
    shutil.rmtree(shop.partner)

    code, told = shop.export("--skip-generation")

    assert code == 70
    assert complaint in told["units"][0]["message"]
    assert shop.delivered() == {}


def test_an_export_that_lost_most_articles_goes_out_only_by_force(shop: ExportShop) -> None:
    shop.export()
    shop.stock(some(4))

    code, told = shop.export()

    assert code == 70
    assert "4 articles, last time 10: 60 % lost" in told["units"][0]["message"]
    assert shop.delivered()["stock-7.csv"].count(b"\n") == 11

    done = shop.console(EXPORT, "--force", "--reason=range cut")
    assert done.returncode == 0, done.stderr
    (warned,) = events(done.stderr, "guard.forced")
    assert warned["reason"] == "range cut"
    assert shop.delivered()["stock-7.csv"].count(b"\n") == 5
    assert shop.query("SELECT status, forced, error FROM export_run ORDER BY id DESC LIMIT 1") == [
        ("delivered", 1, "")
    ]


def test_exports_are_chosen_by_all_that_was_asked(tmp_path: Path) -> None:
    exports = [
        export_toml(7, suppliers=[23], more="customer = 4711"),
        export_toml(8, suppliers=[23, 31]),
        export_toml(9, suppliers=[31], more="customer = 4711"),
        export_toml(10, suppliers=[31], more="active = false"),
    ]
    shop = ExportShop(tmp_path / "shop", exports=exports)
    shop.stock([*some(3), *some(3, supplier=31)])

    def chosen(*words: str) -> list[str]:
        code, told = shop.export("--dry-run", *words)
        assert code == 0, told
        return [unit["unit"].split()[1] for unit in told["units"]]

    assert chosen() == ["7", "8", "9"]
    assert chosen("--supplier=23") == ["7", "8"]
    assert chosen("--supplier=23", "--supplier=31", "--customer=4711") == ["7", "9"]
    assert chosen("--export=8", "--export=9", "--customer=4711") == ["9"]
    assert chosen("supplier=31", "customer=4711", "export=9", "skipGeneration=0") == ["9"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--export=99"], "export 99 is in no export's setting; known: 7"),
        (["--customer=5"], "customer 5 is in no export's setting; known: none"),
        (["--supplier=23", "--export=7"], "supplier 23 is in no export's setting; known: 31"),
    ],
)
def test_a_number_that_nobody_knows_is_told(
    tmp_path: Path, words: list[str], complaint: str
) -> None:
    shop = ExportShop(tmp_path / "shop", exports=[export_toml(suppliers=[31])])

    code, told = shop.export(*words)

    assert (code, told["why"]) == (70, complaint)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--export=seven"], "--export"),
        (["--force"], "--force needs a --reason"),
        (["--force", "--reason=x", "--skip-generation"], "--skip-generation skips too"),
        (["supplier="], "--supplier"),
    ],
)
def test_words_that_make_no_sense_are_a_usage_error(
    shop: ExportShop, words: list[str], complaint: str
) -> None:
    done = shop.console(EXPORT, *words)

    assert done.returncode == 2
    assert complaint in done.stderr


@pytest.mark.parametrize("spelling", ["skipGeneration=1", "--skipGeneration", "--skipGeneration=1"])
def test_the_legacy_spellings_still_work_and_say_so(shop: ExportShop, spelling: str) -> None:
    shop.export()

    done = shop.console(EXPORT, "export=7", spelling)

    assert done.returncode == 0, done.stderr
    assert [line["message"] for line in events(done.stderr, "console.legacy_spelling")] == [
        "export=7 is the legacy spelling of --export=7",
        f"{spelling} is the legacy spelling of --skip-generation",
    ]


def test_exports_are_loaded_listed_and_shown_as_they_were_written(shop: ExportShop) -> None:
    shown = shop.console("exports:show", "7").stdout

    shop.load(shown)

    assert shop.console("exports:show", "7").stdout == shown
    assert "Platform 7" in shop.console("exports:list").stdout
    unknown = shop.console("exports:show", "8")
    assert (unknown.returncode, "exports:list shows them" in unknown.stderr) == (2, True)


@pytest.mark.parametrize("imported", ["--supplier=23", "--all"])
def test_a_newcomer_exports_the_sample_shop(tmp_path: Path, imported: str) -> None:
    shop = ExportShop(tmp_path / "shop")
    shutil.copytree(CHECKOUT / "ops" / "sample-shop", shop.root / "ops" / "sample-shop")
    shop.console("shop:load-sample")
    shop.console("cron:suppliers:import-stock", imported)

    code, told = shop.export()

    assert (code, told["outcome"]) == (0, "succeeded")
    sent = (shop.root / "var/partners/sample-platform/stock.csv").read_bytes().decode("cp1252")
    assert sent.startswith("Artikelnr;EAN;Hersteller;Bezeichnung;Bestand;Preis;Währung\r\n")
    assert sent.count("\r\n") > 30
