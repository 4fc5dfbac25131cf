"""Scenario: supplier stock import can run in all-suppliers and single-supplier mode."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_shop import CHECKOUT, IMPORT, SETTING, Shop, events, kill
from servers import KINDS, database

ROWS = [("A-1", 4, "49,90"), ("A-2", 7, "51,00"), ("A-3", 0, "60,00")]


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Give one on SQLite, as a fresh checkout has it, unless the test asks for others."""
    if not hasattr(request, "param"):
        yield Shop(tmp_path / "shop")
        return
    with database(request.param) as url:
        yield Shop(tmp_path / "shop", url=url)


on_every_database = pytest.mark.parametrize("shop", KINDS, indirect=True)


def five_suppliers(shop: Shop) -> None:
    for number in range(1, 6):
        shop.add_supplier(number)
        shop.deliver(number, ROWS)


def stocked(shop: Shop) -> set[int]:
    return {number for (number,) in shop.query("SELECT DISTINCT supplier_id FROM supplier_stock")}


def units(answer_text: str) -> dict[str, str]:
    return {unit["unit"]: unit["result"] for unit in json.loads(answer_text)["units"]}


@on_every_database
def test_all_processes_every_active_setting(shop: Shop) -> None:
    five_suppliers(shop)
    shop.add_supplier(9, setting=SETTING.replace("source", "active = false\nsource"))
    shop.deliver(9, ROWS)

    answer = shop.console(IMPORT, "--all", "--format=json")

    assert answer.returncode == 0, answer.stderr
    assert stocked(shop) == {1, 2, 3, 4, 5}
    assert set(units(answer.stdout).values()) == {"done"}


@on_every_database
def test_one_processes_only_that_supplier(shop: Shop) -> None:
    five_suppliers(shop)

    assert shop.console(IMPORT, "--supplier=3").returncode == 0

    assert stocked(shop) == {3}


@on_every_database
def test_one_broken_supplier_among_five_stops_none_of_the_others(shop: Shop) -> None:
    five_suppliers(shop)
    shop.deliver(4, []).write_bytes(b"article;quantity;price\nA-1;many;49,90\nA-2;\xff;1,00\n")

    answer = shop.console(IMPORT, "--all", "--format=json")

    assert answer.returncode == 4
    assert stocked(shop) == {1, 2, 3, 5}
    assert [unit for unit, result in units(answer.stdout).items() if result == "failed"] == [
        "supplier 4 (Supplier 4)"
    ]
    assert "supplier 4" in shop.runs()[0]["why"]


@on_every_database
def test_all_skips_a_supplier_that_another_run_is_importing(shop: Shop) -> None:
    five_suppliers(shop)
    alone = shop.start_faulty("hang:2", IMPORT, "--supplier=2")
    assert alone.stderr
    assert any("hangs at" in line for line in alone.stderr)

    answer = shop.console(IMPORT, "--all", "--format=json")

    assert answer.returncode == 0
    found = units(answer.stdout)
    assert found.pop("supplier 2 (Supplier 2)") == "skipped"
    assert set(found.values()) == {"done"}
    kill([alone.pid])
    alone.communicate(timeout=30)


@on_every_database
def test_two_runs_of_one_supplier_do_not_overlap(shop: Shop) -> None:
    five_suppliers(shop)
    first = shop.start_faulty("hang:2", IMPORT, "--supplier=2")
    assert first.stderr
    assert any("hangs at" in line for line in first.stderr)

    second = shop.console(IMPORT, "--supplier=2")

    assert second.returncode == 0
    assert "skipped_locked" in second.stdout
    held_by = shop.query("SELECT run_id FROM cron_run WHERE status = 'running'")[0][0]
    assert held_by in shop.runs()[0]["why"]
    locks = json.loads(shop.console("lock:list", "--format=json").stdout)
    assert [lock["run"] for lock in locks] == [held_by]
    for _ in range(4):
        shop.console(IMPORT, "--supplier=2")
    starved = shop.console(IMPORT, "--supplier=2")
    assert (starved.returncode, "starved" in starved.stdout) == (5, True)
    kill([first.pid])
    first.communicate(timeout=30)


@on_every_database
def test_the_same_file_twice_changes_nothing(shop: Shop) -> None:
    shop.add_supplier(1)
    shop.deliver(1, ROWS)
    shop.console(IMPORT, "--supplier=1")
    before = shop.state()

    second = shop.console(IMPORT, "--supplier=1")
    anyway = shop.console(IMPORT, "--supplier=1", "--update-anyway", "--format=json")

    assert (second.returncode, "empty" in second.stdout) == (0, True)
    assert anyway.returncode == 0
    assert shop.state()["stock"] == before["stock"]
    assert shop.state()["history"] == before["history"]


@pytest.mark.parametrize("which", ["--supplier=1", "--all"])
def test_a_dry_run_writes_nothing_at_all(shop: Shop, which: str) -> None:
    shop.add_supplier(1)
    shop.deliver(1, ROWS)

    def everything() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in shop.root.rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))
        }

    before = everything()
    answer = shop.console(IMPORT, which, "--dry-run", "--format=json")

    assert answer.returncode == 0, answer.stderr
    assert everything() == before
    assert shop.query("SELECT COUNT(*) FROM cron_run") == [(0,)]
    assert shop.query("SELECT COUNT(*) FROM cron_lock") == [(0,)]
    assert json.loads(answer.stdout)["notes"] == ["dry run: nothing was written"]


@pytest.mark.parametrize("words", [[], ["--all", "--supplier=1"]], ids=["neither", "both"])
def test_all_and_one_exclude_each_other(shop: Shop, words: list[str]) -> None:
    answer = shop.console(IMPORT, *words)

    assert answer.returncode == 2
    assert answer.stderr.startswith("give either --all or --supplier ID\n")


def test_an_unknown_supplier_is_told_which_there_are(shop: Shop) -> None:
    shop.add_supplier(1)

    answer = shop.console(IMPORT, "--supplier=999")

    assert answer.returncode == 70
    assert "supplier 999 has no import setting; active suppliers: 1" in answer.stdout


@pytest.mark.parametrize(
    "words", [["--supplier=1", "--updateAnyway"], ["supplier=1", "updateAnyway=1"]]
)
def test_the_legacy_spellings_still_work_and_are_noted(shop: Shop, words: list[str]) -> None:
    shop.add_supplier(1)
    shop.deliver(1, ROWS)

    answer = shop.console(IMPORT, *words)

    assert answer.returncode == 0, answer.stderr
    assert events(answer.stderr, "console.legacy_spelling")
    assert stocked(shop) == {1}


def test_a_run_that_met_no_settings_says_what_to_load(shop: Shop) -> None:
    answer = shop.console(IMPORT, "--all")

    assert answer.returncode == 70
    assert "no supplier has an active import setting" in answer.stdout


# --- what stops a run before its work ---------------------------------------------------------


def test_a_paused_job_and_a_switched_off_shop_skip(shop: Shop) -> None:
    shop.add_supplier(1)
    shop.console("jobs:pause", IMPORT, "--reason=warehouse moves")
    paused = shop.console(IMPORT, "--supplier=1")
    assert (paused.returncode, "warehouse moves" in paused.stdout) == (0, True)
    shop.console("jobs:resume", IMPORT, "--reason=done")

    off = shop.console(IMPORT, "--supplier=1", CRONTRACT_CRON__RUNNING="false")

    assert (off.returncode, "cron.running is off" in off.stdout) == (0, True)
    assert [run["outcome"] for run in shop.runs()] == ["skipped_paused"] * 2


def test_an_unknown_key_refuses_to_start(shop: Shop) -> None:
    with (shop.root / "config" / "app.toml").open("a", encoding="utf-8") as file:
        file.write("\n[cronn]\nrunning = true\n")

    answer = shop.console(IMPORT, "--all")

    assert answer.returncode == 78
    assert "cronn" in answer.stdout


def test_a_missing_schema_says_how_to_make_it(shop: Shop) -> None:
    (shop.root / "var" / "crontract.db").unlink()

    answer = shop.console(IMPORT, "--all")

    assert answer.returncode == 78
    assert "bin/console db:migrate" in answer.stdout


def test_an_unreachable_database_is_unavailable(shop: Shop) -> None:
    (shop.root / "var" / "crontract.db").unlink()
    (shop.root / "var" / "crontract.db").mkdir()

    assert shop.console(IMPORT, "--all").returncode == 69


def test_a_database_that_is_none_is_unavailable(shop: Shop) -> None:
    (shop.root / "var" / "crontract.db").write_bytes(b"not a database" * 100)

    answer = shop.console(IMPORT, "--all")

    assert answer.returncode == 69
    assert "crontract.db" in answer.stdout


def test_the_sample_shop_imports_from_scratch(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shutil.copytree(CHECKOUT / "ops" / "sample-shop", shop.root / "ops" / "sample-shop")
    assert shop.console("shop:load-sample").returncode == 0

    first = shop.console(IMPORT, "--supplier=23", "--format=json")

    assert first.returncode == 0, first.stderr
    assert stocked(shop) == {23}
    assert shop.console("shop:load-sample").returncode == 0
    assert "empty" in shop.console(IMPORT, "--supplier=23").stdout


def test_a_stored_setting_is_printed_as_it_can_be_loaded_again(shop: Shop) -> None:
    shop.add_supplier(1)

    shown = shop.console("suppliers:show", "1")

    assert shown.returncode == 0, shown.stderr
    copy = shop.root / "copy.toml"
    copy.write_text(shown.stdout, encoding="utf-8")
    stored = shop.query("SELECT document FROM supplier_import_setting")
    assert shop.console("suppliers:load", str(copy)).returncode == 0
    assert shop.query("SELECT document FROM supplier_import_setting") == stored
    assert shop.console("suppliers:show", "2").returncode == 2
