"""What happens to an import when lock, database, disk or file fail it."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from domain.errors import LockLost, StoreUnavailable
from domain.jobs.supplier_import.failures import FeedChanged
from domain.operating.ports import Lease
from fakes.supplier_import import FakeRun
from import_shop import (
    ImportShop,
    import_in_child,
    import_into_full_disk,
    import_into_small_files,
    import_setting,
)
from infra.sql.engine import fenced_transaction, make_engine, reading, writing
from infra.sql.import_settings import SqlImportSettings
from servers import KINDS, database

KEY = "cron.suppliers.import.supplier.23"
LEASE = Lease(key=KEY, fence=7, run_id="0199-run")
EVERYTHING = ("supplier_stock", "supplier_stock_history", "import_run", "import_reject")


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImportShop]:
    with database(request.param) as url:
        yield ImportShop(tmp_path, url)


@pytest.fixture
def small_shop(tmp_path: Path) -> ImportShop:
    """Give one in SQLite's own file."""
    return ImportShop(tmp_path)


@pytest.fixture
def engine(shop: ImportShop) -> Iterator[Engine]:
    engine = make_engine(shop.url)
    yield engine
    engine.dispose()


def _holds_lock(shop: ImportShop, fence: int = 7, run_id: str = "0199-run") -> None:
    shop.writes("DELETE FROM cron_lock WHERE lock_key = ?", (KEY,))
    shop.writes(
        "INSERT INTO cron_lock (lock_key, fence, run_id) VALUES (?, ?, ?)", (KEY, fence, run_id)
    )


def _once(name: str, action: Callable[[], object]) -> Callable[[str], None]:
    """Do something at the first passing of a checkpoint."""
    waiting = [name]

    def at(passed: str) -> None:
        if passed in waiting:
            waiting.remove(passed)
            action()

    return at


# --- fences -------------------------------------------------------------------------------------


def test_an_import_that_holds_its_locks_is_booked(shop: ImportShop) -> None:
    _holds_lock(shop)
    shop.receives("A;4")

    shop.imports(FakeRun(leases=[LEASE]))

    assert shop.quantities() == {"A": 4}


@pytest.mark.parametrize(
    ("fence", "run_id", "message"),
    [(8, "0200-other", "run 0200-other with fence 8"), (8, "0199-run", "fence 8")],
)
def test_a_lock_taken_over_before_the_commit_rolls_everything_back(
    shop: ImportShop, fence: int, run_id: str, message: str
) -> None:
    _holds_lock(shop)
    path = shop.receives("A;4")
    taken = _once("compared", lambda: _holds_lock(shop, fence, run_id))

    with pytest.raises(LockLost, match=message):
        shop.imports(FakeRun(leases=[LEASE], at_checkpoint=taken))

    assert shop.dump(*EVERYTHING) == []
    assert path.exists()


def test_a_lock_without_a_row_is_a_lost_one(engine: Engine) -> None:
    with (
        pytest.raises(LockLost, match="held by nobody"),
        fenced_transaction(engine, [LEASE]) as connection,
    ):
        connection.execute(text("SELECT 1"))


def test_every_lease_is_checked_not_only_the_first(shop: ImportShop, engine: Engine) -> None:
    _holds_lock(shop)
    other = Lease(key="cron.suppliers.import.all", fence=1, run_id="0199-run")

    with (
        pytest.raises(LockLost, match=r"import\.all"),
        fenced_transaction(engine, [LEASE, other]) as connection,
    ):
        connection.execute(text("SELECT 1"))


# --- the database ---------------------------------------------------------------------------------


def test_others_may_write_until_the_file_is_booked(shop: ImportShop) -> None:
    shop.receives(*(f"A{n};1" for n in range(60_000)))
    seen = []

    def write(name: str) -> None:
        if name in {"lines", "staged", "compared"}:
            shop.writes("INSERT INTO article (name) VALUES (?)", [name])
            seen.append(name)

    shop.imports(FakeRun(at_checkpoint=write))

    assert seen == ["lines", "staged", "compared"]
    assert len(shop.stock()) == 60_000


def test_a_database_that_stays_locked_is_unavailable(small_shop: ImportShop) -> None:
    engine = make_engine(small_shop.url)
    holder = sqlite3.connect(small_shop.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"), writing(engine):
            pass
    finally:
        holder.close()
        engine.dispose()


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/missing/shop.sqlite")

    with (
        pytest.raises(StoreUnavailable, match=r"SQLITE_CANTOPEN.*may this user write"),
        reading(engine),
    ):
        pass


def test_a_read_only_engine_cannot_write(small_shop: ImportShop) -> None:
    engine = make_engine(small_shop.url, read_only=True)

    with pytest.raises(StoreUnavailable, match="takes no writes"), reading(engine) as connection:
        connection.execute(text("INSERT INTO article (name) VALUES ('x')"))

    assert small_shop.dump("article") == []


def test_a_wrong_statement_is_a_defect_and_stays_one(small_shop: ImportShop) -> None:
    with (
        pytest.raises(OperationalError, match="no such column"),
        reading(make_engine(small_shop.url)) as connection,
    ):
        connection.execute(text("SELECT nonsense FROM article"))


def test_a_supplier_switched_off_in_the_table_is_off(shop: ImportShop, engine: Engine) -> None:
    settings = SqlImportSettings(engine)
    settings.save([import_setting(23), import_setting(31)])
    shop.writes("UPDATE supplier_import_setting SET active = ? WHERE supplier_id = ?", (False, 31))

    found = settings.find(31)

    assert settings.names(active=True) == {23: "Reifen 23"}
    assert found is not None
    assert found.active is False
    assert settings.find(23) == import_setting(23)
    assert settings.find(99) is None


# --- the disk -------------------------------------------------------------------------------------


def _in_child(target: Callable[[ImportShop], None], shop: ImportShop) -> int | None:
    process = multiprocessing.get_context("spawn").Process(target=target, args=(shop,))
    process.start()
    process.join(timeout=120)
    return process.exitcode


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED: a full disk needs root to mount a small one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _stays_as_it_was(shop: ImportShop, target: Callable[[ImportShop], None]) -> None:
    shop.receives("A;4", "B;5")
    shop.imports()
    before = shop.dump("supplier_stock", "supplier_stock_history")
    path = shop.receives(*(f"A{n};1;;;;a maker with a long name" for n in range(40_000)))

    assert _in_child(target, shop) == 0

    assert shop.dump("supplier_stock", "supplier_stock_history") == before
    assert shop.rows("PRAGMA integrity_check") == [("ok",)]
    assert path.exists()


def test_a_full_disk_refuses_the_import_and_changes_nothing(small_disk: Path) -> None:
    _stays_as_it_was(ImportShop(small_disk), import_into_full_disk)


def test_a_quota_on_files_refuses_the_import_and_changes_nothing(small_shop: ImportShop) -> None:
    _stays_as_it_was(small_shop, import_into_small_files)


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("checkpoint", ["opened", "hashed", "lines"])
def test_a_file_replaced_while_it_is_read_writes_nothing(shop: ImportShop, checkpoint: str) -> None:
    path = shop.receives(*(f"A{n};1" for n in range(50_000)))

    def replace_file() -> None:
        newer = path.with_name("upload.part")
        newer.write_text("B;9;;;;;;\n", "utf-8")
        newer.rename(path)

    with pytest.raises(FeedChanged, match="replaced or grew"):
        shop.imports(FakeRun(at_checkpoint=_once(checkpoint, replace_file)))

    assert shop.dump(*EVERYTHING) == []
    assert path.read_text("utf-8") == "B;9;;;;;;\n"


def test_a_file_that_grows_while_it_is_read_writes_nothing(shop: ImportShop) -> None:
    path = shop.receives("A;4")

    def grow() -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write("B;5;;;;;;\n")

    with pytest.raises(FeedChanged):
        shop.imports(FakeRun(at_checkpoint=_once("hashed", grow)))

    assert shop.dump(*EVERYTHING) == []


def test_a_file_taken_away_while_it_is_read_writes_nothing(shop: ImportShop) -> None:
    path = shop.receives(*(f"A{n};1" for n in range(50_000)))

    with pytest.raises(FeedChanged, match="taken away"):
        shop.imports(FakeRun(at_checkpoint=_once("lines", path.unlink)))

    assert shop.dump(*EVERYTHING) == []


def test_a_new_delivery_under_the_name_of_a_booked_file_waits_for_the_next_run(
    shop: ImportShop,
) -> None:
    path = shop.receives("A;4")

    def deliver() -> None:
        path.unlink()
        shop.receives("A;9", minutes_old=10)

    shop.imports(FakeRun(at_checkpoint=_once("committed", deliver)))
    assert shop.quantities() == {"A": 4}

    shop.imports()

    assert shop.quantities() == {"A": 9}


# --- two at once ----------------------------------------------------------------------------------


def test_two_suppliers_are_imported_at_the_same_time(shop: ImportShop) -> None:
    spawn = multiprocessing.get_context("spawn")
    for number in (23, 31):
        shop.settings[number] = import_setting(number)
        shop.receives(*(f"{number}-{n};{n % 9}" for n in range(20_000)), supplier_id=number)
    both = [spawn.Process(target=import_in_child, args=(shop, number)) for number in (23, 31)]

    for process in both:
        process.start()
    for process in both:
        process.join(timeout=120)

    assert [process.exitcode for process in both] == [0, 0]
    assert (len(shop.stock(23)), len(shop.stock(31))) == (20_000, 20_000)
    assert shop.rows("SELECT count(*) FROM supplier_stock_history") == [(40_000,)]
