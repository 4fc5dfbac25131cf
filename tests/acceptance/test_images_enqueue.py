"""CR-001 through bin/console: each list once, whatever is killed, and no bad one stops another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from image_lists import ENQUEUE, ImageShop, lines, write_list
from private_shop import events
from servers import KINDS, database


def shop_with_lists(root: Path, *, url: str = "") -> ImageShop:
    """Three lists wait: a good one, its copy under another name, and one without a column."""
    shop = ImageShop(root, url=url)
    shop.receives("images_a.csv", *lines(250))
    shop.receives("images_b.csv", *lines(250))
    write_list(shop.inbox, "images_c.csv", "A-1;1.png", header="thing;bild")
    return shop


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: str
) -> None:
    undisturbed = shop_with_lists(tmp_path / "undisturbed")
    names = tmp_path / "checkpoints"
    undisturbed.start_faulty(f"record:{names}", ENQUEUE).communicate(timeout=60)
    expected = undisturbed.left()
    assert (len(expected["queue"]), len(expected["lists"])) == (3, 2)

    checkpoints = names.read_text("utf-8").split()
    assert {"list", "opened", "entered", "queued", "moved"} <= set(checkpoints)
    for number, name in enumerate(checkpoints, start=1):
        with database(kind) as url:
            shop = shop_with_lists(tmp_path / f"killed-{number}", url=url)
            killed = shop.start_faulty(f"kill:{number}", ENQUEUE)
            killed.communicate(timeout=60)
            assert killed.returncode == 70, name
            shop.console(ENQUEUE)
            assert shop.left() == expected, (number, name)


@pytest.mark.parametrize("kind", KINDS)
def test_lists_become_messages_of_a_hundred_lines_and_a_bad_one_is_set_aside(
    tmp_path: Path, kind: str
) -> None:
    with database(kind) as url:
        shop = shop_with_lists(tmp_path / "shop", url=url)

        done = shop.console(ENQUEUE, "--format=json")

        told = json.loads(done.stdout)
        assert (done.returncode, told["outcome"]) == (4, "partial")
        assert told["items"] == {"images": 250, "batches": 3, "rejected": 0, "repeated": 0}
        assert {u["unit"]: u["result"] for u in told["units"]} == {
            "images_a.csv": "done",
            "images_b.csv": "unchanged",
            "images_c.csv": "failed",
        }
        sizes = [len(json.loads(payload)["images"]) for _, payload, _, _ in shop.queued()]
        assert sizes == [100, 100, 50]
        assert shop.files() == [
            "failed/images_c.csv",
            "failed/images_c.csv.REASON.txt",
            *(f"processed/{name}" for name in sorted(_marked(shop))),
        ]
        assert shop.outcome() == (0, "empty")


def _marked(shop: ImageShop) -> list[str]:
    digest = shop.query("SELECT sha256 FROM image_batch_file WHERE status = 'queued'")[0][0]
    return [f"{digest[:8]}_images_{letter}.csv" for letter in "ab"]


def test_the_same_firing_twice_queues_once(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.receives("images_a.csv", *lines(3))
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

    codes = [shop.console(ENQUEUE, firing).returncode for _ in range(2)]

    assert codes == [0, 0]
    assert len(shop.queued()) == 1
    assert [run["outcome"] for run in shop.runs()] == ["skipped_duplicate", "succeeded"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_tells_what_would_be_queued_and_changes_nothing(
    tmp_path: Path, kind: str
) -> None:
    with database(kind) as url:
        shop = shop_with_lists(tmp_path / "shop", url=url)
        before = shop.left()

        done = shop.console(ENQUEUE, "--dry-run", "--format=json")

        assert json.loads(done.stdout)["items"]["images"] == 500
        assert shop.left() == before


def test_a_list_that_was_mended_is_queued_from_where_it_was_set_aside(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    write_list(shop.inbox, "images_c.csv", "A-1;1.png", header="thing;bild")
    shop.console(ENQUEUE)
    (failed,) = (shop.inbox / "failed").glob("*.csv")
    write_list(failed.parent, failed.name, "A-1;1.png", header="artikel;bild")

    done = shop.console(ENQUEUE, f"--file=failed/{failed.name}")

    assert done.returncode == 0, done.stderr
    assert len(shop.queued()) == 1
    assert any(name.startswith("processed/") for name in shop.files())


def test_lines_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.receives("images_a.csv", *lines(5), ";9.png;;", "A-9;../../etc/passwd;;")

    done = shop.console(ENQUEUE)

    assert done.returncode == 0, done.stderr
    (warned,) = events(done.stderr, "lines.rejected")
    assert warned["message"] == "2 lines left out, first line 7: article is missing"
    (note,) = (shop.inbox / "processed").glob("*.LEFT-OUT.txt")
    assert note.read_text("utf-8").splitlines() == [
        "line 7: article is missing",
        "line 8: image leaves the folder by '..'",
    ]


def test_an_inbox_that_is_not_there_is_no_good_news(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.inbox.rmdir()

    done = shop.console(ENQUEUE)

    assert done.returncode == 70
    assert "is no folder: create it or correct images.inbox" in done.stderr


def test_a_message_says_who_asked_and_under_which_id(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.receives("images_a.csv", "A-1;1.png;;")
    shop.console(ENQUEUE, "--correlation-id=from-the-shop")

    assert shop.query("SELECT correlation_id, queue, direction FROM queue") == [
        ("from-the-shop", "general", "incoming")
    ]


@pytest.mark.parametrize("size", ["0", "1001", "ten"])
def test_a_batch_size_that_makes_no_sense_is_told(tmp_path: Path, size: str) -> None:
    done = ImageShop(tmp_path / "shop").console(ENQUEUE, f"--batch-size={size}")

    assert done.returncode == 2
    assert "--batch-size" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_messages_that_can_be_asked_for_fit(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = ImageShop(tmp_path / "shop", url=url)
        shop.receives("images_a.csv", *(f"{n:0100};{n:0996}.png;;" for n in range(20_000)))

        done = shop.console(ENQUEUE, "--batch-size=1000")

        assert done.returncode == 0, done.stderr
        assert shop.query("SELECT COUNT(*) FROM queue") == [(20,)]
