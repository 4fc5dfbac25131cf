"""CR-011 through bin/console: an account for each operation, kills, settings, words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cache_rows import POPULAR, SEARCH, accounts, cache, cached
from infra.sql.connection import Database
from private_shop import Shop
from queue_rows import DAY, HOUR
from servers import KINDS, database

CLEAN = "cron:system:clean-data"
STALE, FRESH = 30 * DAY, HOUR


class CacheShop(Shop):
    """A shop whose caches hold stale and fresh entries."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        super().__init__(root, url=url)
        self.database = Database(self.url)
        for table in (SEARCH, POPULAR):
            cache(self.database, table, 40, STALE)
            cache(self.database, table, 10, FRESH)

    def told(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        done = self.console(CLEAN, *words, "--format=json")
        assert done.returncode == exit_code, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def left(self) -> tuple[int, int]:
        return cached(self.database, SEARCH), cached(self.database, POPULAR)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[CacheShop]:
    made = CacheShop(tmp_path / "shop")
    yield made
    made.database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_checkpoint_nothing_is_deleted_without_being_told(
    tmp_path: Path, kind: str
) -> None:
    with database(kind) as url:
        shop = CacheShop(tmp_path / "shop", url=url)
        names = shop.root / "checkpoints"

        for kill_at in (1, 2, 3, 5):
            killed = shop.start_faulty(f"record:{names},kill:{kill_at}", CLEAN)
            killed.communicate(timeout=60)
            assert killed.returncode == 70
        shop.told()

        assert set(names.read_text("utf-8").split()) == {"looked", "batch", "deleting"}
        assert shop.left() == (10, 10)
        told = accounts(shop.database)
        assert sum(row["deleted"] for row in told) == 80
        assert {row["status"] for row in told} == {"interrupted", "done"}
        shop.database.close()


def test_a_second_run_deletes_nothing_and_tells_so(shop: CacheShop) -> None:
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"
    assert shop.told(firing)["items"] == {"deleted": 80, "remaining": 0}

    again = shop.told()

    assert again["outcome"] == "empty"
    assert [(unit["unit"], unit["counts"]["deleted"]) for unit in again["units"]] == [
        ("article-search-cache", 0),
        ("article-popular-cache", 0),
    ]
    assert [row["deleted"] for row in accounts(shop.database)] == [40, 40, 0, 0]
    assert shop.told(firing)["outcome"] == "skipped_duplicate"
    assert len(accounts(shop.database)) == 4


def test_a_dry_run_tells_what_would_go_and_changes_nothing(shop: CacheShop) -> None:
    assert shop.told("--dry-run")["items"]["deleted"] == 80
    assert shop.left() == (50, 50)
    assert accounts(shop.database) == []


def test_a_missing_table_stops_no_other_operation(shop: CacheShop) -> None:
    shop.database.execute(f"DROP TABLE {SEARCH}")

    told = shop.told(exit_code=4)

    assert told["outcome"] == "partial"
    assert cached(shop.database, POPULAR) == 10
    assert [row["status"] for row in accounts(shop.database)] == ["failed", "done"]


@pytest.mark.parametrize(
    ("setting", "by", "said"),
    [
        ("keep_hours = 72", "keep_hours = 0", "article-search-cache.keep_hours: Input should be"),
        ("keep_hours = 72", "keep_hours = -1", "article-search-cache.keep_hours: Input should be"),
        ("keep_hours = 24", "", "article-popular-cache.keep_hours: Field required"),
        ("keep_hours = 24", "keep_days = 1", "unknown key system-cleaning.article-popular-cache"),
    ],
)
def test_a_window_that_makes_no_sense_is_a_fault_of_the_settings(
    shop: CacheShop, setting: str, by: str, said: str
) -> None:
    file = shop.root / "config" / "jobs.toml"
    text = file.read_text("utf-8")
    assert setting in text
    file.write_text(text.replace(setting, by), "utf-8")

    done = shop.console(CLEAN)

    assert done.returncode == 78
    assert said in done.stderr
    assert shop.left() == (50, 50)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only=sessions"], "--only sessions: choose from article-search-cache, article-popular"),
        (["--force"], "--force needs a --reason"),
    ],
)
def test_words_that_make_no_sense_are_told(shop: CacheShop, words: list[str], said: str) -> None:
    done = shop.console(CLEAN, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert shop.left() == (50, 50)


def test_one_operation_may_be_asked_for(shop: CacheShop) -> None:
    shop.told("--only=article-popular-cache")

    assert shop.left() == (50, 10)
