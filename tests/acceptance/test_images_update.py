"""From a list to renditions and rows, through bin/console: enqueue, process, look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from image_files import HOSTILE, jpeg, png, turned
from image_lists import ENQUEUE, ImageShop
from private_shop import events
from servers import KINDS, database
from servers.access import Access
from web_site import answers, running_site


def shop_with_images(root: Path, *, url: str = "") -> ImageShop:
    """One list is queued: three good images, four that are none, one that is not there."""
    shop = ImageShop(root, url=url)
    shop.offers(good=jpeg(900, 600), turned=turned(), small=png(40, 30))
    shop.offers(bomb=HOSTILE["bomb"], cut=HOSTILE["cut jpeg"], svg=HOSTILE["svg"], empty=b"")
    shop.receives(
        "images_a.csv",
        *("A-1;good.jpg;1;", "A-1;turned.jpg;2;", "A-2;small.jpg;;", "A-3;bomb.jpg;;"),
        *("A-3;cut.jpg;;", "A-3;svg.jpg;;", "A-3;empty.jpg;;", "A-4;none.jpg;;"),
        *("A-5;http://img.example/a.jpg;;", "A-6;good.jpg;;x"),
    )
    queued = shop.console(ENQUEUE)
    assert queued.returncode == 0, queued.stderr
    return shop


@pytest.mark.parametrize("kind", KINDS)
def test_good_images_are_shown_and_bad_ones_stop_no_other(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = shop_with_images(tmp_path / "shop", url=url)

        done = shop.process()

        assert done.returncode == 0, done.stderr
        told = {(row[0], row[1]): (row[3], row[4]) for row in shop.rows()}
        assert told == {
            ("A-1", "good.jpg"): ("done", ""),
            ("A-1", "turned.jpg"): ("done", ""),
            ("A-2", "small.jpg"): ("done", ""),
            ("A-3", "bomb.jpg"): (
                "failed",
                "has 60,000 x 60,000 pixels, allowed are 50 million",
            ),
            ("A-3", "cut.jpg"): ("failed", told["A-3", "cut.jpg"][1]),
            ("A-3", "empty.jpg"): ("failed", "is empty"),
            ("A-3", "svg.jpg"): (
                "failed",
                "is no picture of a known kind (JPEG, PNG, WEBP, GIF, BMP, TIFF)",
            ),
            ("A-4", "none.jpg"): ("waiting", "is not in the source folder"),
            ("A-5", "http://img.example/a.jpg"): (
                "failed",
                "host img.example is not among source.hosts in config/images.toml",
            ),
            ("A-6", "good.jpg"): ("removed", ""),
        }
        assert told["A-3", "cut.jpg"][1].startswith("is broken: ")
        paths = [path for row in shop.rows() for path in json.loads(row[8]).values()]
        assert sorted(shop.shown()) == sorted(paths)
        assert len(paths) == 9
        assert shop.query("SELECT status, COUNT(*) FROM queue GROUP BY status ORDER BY 1") == [
            ("NEW", 1),
            ("PROCESSED", 1),
        ]
        assert len(events(done.stderr, "image.failed")) == 5


STEPS = (("put", 1), ("put", 5), ("part", 1), ("part", 9), ("record", 1), ("recorded", 1))


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_step_the_message_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: str
) -> None:
    undisturbed = shop_with_images(tmp_path / "undisturbed")
    undisturbed.process()

    for step, number in STEPS:
        with database(kind) as url:
            shop = shop_with_images(tmp_path / f"{step}-{number}", url=url)
            mark = tmp_path / f"{step}-{number}.struck"
            done = shop.process(fault=f"{step}:{number}:{mark}")
            assert mark.exists(), (step, done.stderr)
            assert done.returncode == 0, done.stderr
            assert shop.rows() == undisturbed.rows(), (step, number)
            assert shop.shown() == undisturbed.shown(), (step, number)


def test_the_same_list_again_in_other_words_writes_nothing(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.offers(good=jpeg(900, 600))
    shop.receives("images_a.csv", "A-1;good.jpg;1;")
    shop.console(ENQUEUE)
    shop.process()
    times = {path: (shop.media / path).stat().st_mtime_ns for path in shop.shown()}
    rows = shop.query("SELECT * FROM article_image")

    shop.receives("images_b.csv", "A-1;good.jpg;1;no")
    shop.console(ENQUEUE)
    done = shop.process()

    assert events(done.stderr, "images.updated")[0]["unchanged"] == 1
    assert {path: (shop.media / path).stat().st_mtime_ns for path in shop.shown()} == times
    assert shop.query("SELECT * FROM article_image") == rows


def test_a_new_picture_replaces_the_old_one_and_that_goes_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    shop = ImageShop(tmp_path / "shop")
    settings = shop.root / "config" / "images.toml"
    kept = settings.read_text("utf-8")
    shop.offers(good=jpeg(900, 600))
    shop.receives("images_a.csv", "A-1;good.jpg;1;")
    shop.console(ENQUEUE)
    shop.process()
    first = set(shop.shown())

    shop.offers(good=jpeg(800, 600))
    shop.receives("images_b.csv", "A-1;good.jpg;2;")
    shop.console(ENQUEUE)
    shop.process()
    both = set(shop.shown())
    settings.write_text(kept.replace("keep_obsolete_hours = 24", "keep_obsolete_hours = 0"))
    shop.receives("images_c.csv", "A-1;good.jpg;3;")
    shop.console(ENQUEUE)
    shop.process()

    assert first < both
    assert set(shop.shown()) == both - first


def test_an_image_that_comes_later_is_shown_without_another_list(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.receives("images_a.csv", "A-1;late.jpg;;")
    shop.console(ENQUEUE)
    shop.process()
    waiting = shop.rows()[0][3]
    shop.offers(late=jpeg())
    shop.pass_time()

    shop.process()

    assert (waiting, shop.rows()[0][3]) == ("waiting", "done")
    assert len(shop.shown()) == 3


def test_a_media_folder_that_is_not_mounted_leaves_the_message_for_another_try(
    tmp_path: Path,
) -> None:
    shop = ImageShop(tmp_path / "shop")
    shop.offers(good=jpeg())
    shop.receives("images_a.csv", "A-1;good.jpg;;")
    shop.console(ENQUEUE)
    shop.media.rmdir()

    shop.process()

    ((status, attempts, error),) = shop.query("SELECT status, attempts, error FROM queue")
    assert (status, attempts) == ("NEW", 1)
    assert "create it or correct images.media" in error
    assert shop.rows() == []


def test_images_come_from_the_web_where_their_host_is_allowed(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    settings = shop.root / "config" / "images.toml"
    text = settings.read_text("utf-8").replace("hosts = []", 'hosts = ["127.0.0.1"]')
    settings.write_text(text.replace("private_addresses = false", "private_addresses = true"))
    with running_site() as site:
        url = answers(
            site,
            good=lambda it: it.say(200, jpeg()),
            gone=lambda it: it.say(404),
            busy=lambda it: it.say(503, Retry_After="600"),
            away=lambda it: it.say(302, Location="http://localhost/x.jpg"),
        )
        words = ("good?token=s3cret", "gone?token=s3cret", "busy", "away")
        shop.receives("images_a.csv", *(f"A-1;{url}/{word};;" for word in words))
        shop.console(ENQUEUE)
        done = shop.process()

    told = {row[1].rpartition("/")[2]: (row[3], row[4]) for row in shop.rows()}
    assert told == {
        "good?token=s3cret": ("done", ""),
        "gone?token=s3cret": ("failed", "host 127.0.0.1 answered 404"),
        "busy": ("waiting", "host 127.0.0.1 answered 503"),
        "away": (
            "failed",
            "host localhost is not among source.hosts in config/images.toml",
        ),
    }
    ((wait,),) = shop.query(
        "SELECT (available_at - created_at) / 1000000 FROM queue WHERE status = 'NEW'"
    )
    assert wait == 600
    assert "s3cret" not in done.stderr + done.stdout


LEGACY = (
    'a:1:{s:6:"images";a:2:{i:0;a:2:{s:7:"article";s:3:"A-1";s:5:"image";s:8:"good.jpg";}'
    'i:1;a:3:{s:7:"article";i:4711;s:5:"image";s:8:"good.jpg";s:8:"position";s:1:"2";}}}'
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_the_legacy_side_is_done_under_its_old_name(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = ImageShop(tmp_path / "shop", url=url)
        shop.offers(good=jpeg())
        with Access(shop.url) as access:
            access.execute(
                "INSERT INTO queue (queue, type, payload) VALUES (?, ?, ?)",
                *("general", "UpdatingImagesController::updateImages", LEGACY),
            )

        done = shop.process()

        assert done.returncode == 0, done.stderr
        assert [(row[0], row[2], row[3]) for row in shop.rows()] == [
            ("4711", 2, "done"),
            ("A-1", None, "done"),
        ]
