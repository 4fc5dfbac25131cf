"""CR-007 through bin/console: guards, settings, dry run, kills at every checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.sql.connection import Database
from log_rows import archived, log, logged
from private_shop import Shop
from queue_rows import DAY
from servers import KINDS, database

CLEAN = "cron:logs:clean"
OLD, FRESH = 91 * DAY, 89 * DAY


class LogShop(Shop):
    """A shop with an update log, which is archived."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        super().__init__(root, url=url)
        self.database = Database(self.url)
        self.archive = root / "var" / "archive"
        self.set('archive_directory = ""', 'archive_directory = "var/archive"')

    def set(self, setting: str, by: str) -> None:
        file = self.root / "config" / "jobs.toml"
        text = file.read_text("utf-8")
        assert setting in text
        file.write_text(text.replace(setting, by, 1), "utf-8")

    def told(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        done = self.console(CLEAN, *words, "--format=json")
        assert done.returncode == exit_code, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LogShop]:
    made = LogShop(tmp_path / "shop")
    yield made
    made.database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_checkpoint_each_row_is_in_the_log_or_in_one_archive(
    tmp_path: Path, kind: str
) -> None:
    with database(kind) as url:
        shop = LogShop(tmp_path / "shop", url=url)
        log(shop.database, 1_100, OLD)
        log(shop.database, 1_200, FRESH)
        names = shop.root / "checkpoints"

        for kill_at in range(1, 6):
            killed = shop.start_faulty(f"record:{names},kill:{kill_at}", CLEAN)
            killed.communicate(timeout=60)
            assert killed.returncode == 70
        shop.told()

        assert names.read_text("utf-8").split()[-5:] == [
            *("looked", "batch", "archived", "deleting", "deleted")
        ]
        assert logged(shop.database) == list(range(1_101, 2_301))
        assert archived(shop.archive) == list(range(1, 1_101))
        assert {path.suffix for path in shop.archive.glob("*/*")} == {".gz"}
        assert shop.told()["outcome"] == "empty"
        shop.database.close()


def test_the_same_firing_twice_deletes_once(shop: LogShop) -> None:
    log(shop.database, 5, OLD)
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"
    shop.told(firing)
    log(shop.database, 5, OLD)

    assert shop.told(firing)["outcome"] == "skipped_duplicate"
    assert len(logged(shop.database)) == 5


def test_a_dry_run_tells_what_would_go_and_changes_nothing(shop: LogShop) -> None:
    log(shop.database, 5, OLD)

    assert shop.told("--dry-run")["items"] == {"deleted": 5}
    assert len(logged(shop.database)) == 5
    assert not shop.archive.exists()


def test_too_much_at_once_is_refused_until_somebody_says_why(shop: LogShop) -> None:
    log(shop.database, 1_001, OLD)

    refused = shop.console(CLEAN)
    assert refused.returncode == 70
    assert "1,001 of 1,001 log rows would go, allowed are 50 %" in refused.stderr
    assert len(logged(shop.database)) == 1_001

    forced = shop.console(CLEAN, "--force", "--reason=nobody looked for a year")
    assert forced.returncode == 0, forced.stderr
    assert '"guard.forced"' in forced.stderr
    assert logged(shop.database) == []


def test_what_audits_tell_is_never_deleted(shop: LogShop) -> None:
    log(shop.database, 3, OLD)
    with shop.database.transaction() as transaction:
        told = {"run_id": "1", "operation": "article-search-cache", "status": "done", "at": 1}
        transaction.insert("system_clean_audit", told)

    shop.told()

    assert shop.query("SELECT COUNT(*) FROM system_clean_audit") == [(1,)]


@pytest.mark.parametrize(
    ("setting", "by", "said"),
    [
        ("retention_days = 90", "retention_days = 0", "retention_days: Input should be greater"),
        ("retention_days = 90", "retention_days = -1", "retention_days: Input should be greater"),
        ("retention_days = 90", "", "log-cleaning.retention_days: Field required"),
        ("retention_days = 90", "retention_day = 9", "unknown key log-cleaning.retention_day"),
    ],
)
def test_a_retention_that_makes_no_sense_is_a_fault_of_the_settings(
    shop: LogShop, setting: str, by: str, said: str
) -> None:
    shop.set(setting, by)
    log(shop.database, 3, OLD)

    done = shop.console(CLEAN)

    assert done.returncode == 78
    assert said in done.stderr
    assert len(logged(shop.database)) == 3


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["--days=30"], 70, "--days=30 is less than the 90 of config/jobs.toml"),
        (["--days=0"], 2, "--days"),
        (["--force"], 2, "--force needs a --reason"),
    ],
)
def test_words_that_make_no_sense_delete_nothing(
    shop: LogShop, words: list[str], exit_code: int, said: str
) -> None:
    log(shop.database, 3, OLD)

    done = shop.console(CLEAN, *words)

    assert done.returncode == exit_code
    assert said in done.stderr
    assert len(logged(shop.database)) == 3
