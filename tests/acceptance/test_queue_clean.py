"""CR-005 through bin/console: guards, dry run, kills at every checkpoint, two runs at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.sql.connection import Database
from private_shop import Shop
from queue_rows import DAY, ended, insert, note
from queue_shop import DONE, QueueShop
from servers import KINDS, database

CLEAN = "cron:queue:clean"
OLD, FRESH = 15 * DAY, 13 * DAY


def shop_with_messages(root: Path, *, old: int = 40, url: str = "") -> Shop:
    """A shop whose queue has old messages between fresh and unfinished ones."""
    shop = Shop(root, url=url)
    opened = Database(shop.url)
    kinds = [ended(OLD), ended(FRESH), ended(OLD, "CRASH"), ended(OLD, "NEW")]
    insert(opened, [row for _ in range(old) for row in kinds])
    for message_id in range(1, 4 * old, 5):
        note(opened, message_id)
    opened.close()
    return shop


def what_is_left(shop: Shop) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    return (
        shop.query("SELECT id, status FROM queue ORDER BY id"),
        shop.query("SELECT message_id FROM queue_history ORDER BY id"),
        shop.query("SELECT value FROM queue_counter WHERE name = 'cleaned'"),
    )


def items_of(shop: Shop, *words: str) -> dict[str, int]:
    done = shop.console(CLEAN, *words, "--format=json")
    assert done.returncode == 0, done.stderr
    items: dict[str, int] = json.loads(done.stdout)["items"]
    return items


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: str
) -> None:
    undisturbed = shop_with_messages(tmp_path / "undisturbed")
    names = tmp_path / "checkpoints"
    undisturbed.start_faulty(f"record:{names}", CLEAN).communicate(timeout=60)
    expected = what_is_left(undisturbed)
    assert len(expected[0]) == 120

    checkpoints = names.read_text("utf-8").split()
    assert checkpoints == ["looked", "batch", "deleted"]
    for number, name in enumerate(checkpoints, start=1):
        with database(kind) as url:
            shop = shop_with_messages(tmp_path / f"killed-{number}", url=url)
            killed = shop.start_faulty(f"kill:{number}", CLEAN)
            killed.communicate(timeout=60)
            assert killed.returncode == 70, name
            assert len(what_is_left(shop)[0]) == 160, name
            assert items_of(shop)["processed"] == 40, name
            assert what_is_left(shop) == expected, name


def test_the_same_firing_twice_deletes_once(tmp_path: Path) -> None:
    shop = shop_with_messages(tmp_path / "shop")
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"
    first = shop.console(CLEAN, firing)
    after = what_is_left(shop)

    second = shop.console(CLEAN, firing)

    assert (first.returncode, second.returncode) == (0, 0)
    assert what_is_left(shop) == after
    assert [run["outcome"] for run in shop.runs()] == ["skipped_duplicate", "succeeded"]


def test_a_second_run_finds_nothing(tmp_path: Path) -> None:
    shop = shop_with_messages(tmp_path / "shop")
    items_of(shop)

    assert not any(items_of(shop).values())
    assert shop.runs()[0]["outcome"] == "empty"


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_tells_what_would_go_and_changes_nothing(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = shop_with_messages(tmp_path / "shop", url=url)
        before = what_is_left(shop)

        assert items_of(shop, "--dry-run")["processed"] == 40
        assert what_is_left(shop) == before


def test_too_much_at_once_is_refused_until_somebody_says_why(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    opened = Database(shop.url)
    insert(opened, [ended(OLD)] * 1_100 + [ended(FRESH)] * 900)
    opened.close()
    before = what_is_left(shop)

    refused = shop.console(CLEAN)
    assert refused.returncode == 70
    assert "1,100 of 2,000 ended messages would go, allowed are 50 %" in refused.stderr
    assert what_is_left(shop) == before

    forced = shop.console(CLEAN, "--force", "--reason=the queue was quiet for weeks")
    assert forced.returncode == 0, forced.stderr
    assert '"guard.forced"' in forced.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("processed_days = 0", "retention.processed_days must be a number of days from 1"),
        ("processed_days = -3", "retention.processed_days must be a number of days from 1"),
        ("", "retention.processed_days must be a number of days from 1"),
    ],
)
def test_a_retention_that_makes_no_sense_is_a_fault_of_the_settings(
    tmp_path: Path, setting: str, said: str
) -> None:
    shop = shop_with_messages(tmp_path / "shop")
    file = shop.root / "config" / "queues.toml"
    file.write_text(file.read_text("utf-8").replace("processed_days = 14", setting), "utf-8")
    before = what_is_left(shop)

    done = shop.console(CLEAN)

    assert done.returncode == 78
    assert f"queues.toml: {said}" in done.stderr
    assert what_is_left(shop) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--older-than=0d"], "--older-than 0d is no span"),
        (["--older-than=-1d"], "--older-than -1d is no span"),
        (["--older-than=soon"], "--older-than soon is no span: write 90m, 36h, 14d or 2w"),
        (["--max-rows=0"], "--max-rows"),
        (["--force"], "--force needs a --reason"),
    ],
)
def test_words_that_make_no_sense_are_told(tmp_path: Path, words: list[str], said: str) -> None:
    done = Shop(tmp_path / "shop").console(CLEAN, *words)

    assert done.returncode == 2
    assert said in done.stderr


def test_less_than_is_set_is_kept_only_for_a_reason(tmp_path: Path) -> None:
    shop = shop_with_messages(tmp_path / "shop")

    refused = shop.console(CLEAN, "--older-than=36h")
    assert refused.returncode == 70
    assert "--older-than is less than the 14 days of config/queues.toml" in refused.stderr
    items = items_of(shop, "--older-than=36h", "--max-rows=50", "--force", "--reason=disk full")
    assert (items["processed"], items["remaining"]) == (50, 30)


@pytest.mark.parametrize("kind", KINDS)
def test_beside_a_processor_neither_waits_for_the_other(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = QueueShop(tmp_path / "shop", url=url)
        opened = Database(shop.url)
        insert(opened, [ended(OLD)] * 3_000)
        opened.close()
        shop.enqueue_marks("probe.send", 1_500)
        processor = shop.begin("--stop-when-empty", "--format=json")

        done = shop.console(CLEAN, "--force", "--reason=test", "--format=json")
        told, log = processor.communicate(timeout=120)

        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["items"]["processed"] == 3_000
        assert processor.returncode == 0, log
        assert json.loads(told)["outcome"] == "succeeded"
        assert shop.marks() == list(range(1_500))
        assert shop.ends() == {DONE: 1_500}
