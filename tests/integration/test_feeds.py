from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import DiskFull
from domain.jobs.supplier_import.failures import FeedChanged, FeedRefused
from domain.jobs.supplier_import.ports import Feed
from domain.jobs.supplier_import.setting import ImportSetting, Mode
from fakes.supplier_import import FixedClock, setting_of
from infra.files.feeds import DirectoryFeeds

SETTING = setting_of(source="supplier-23", pattern="*.csv")
SHA8 = hashlib.sha256(b"A;4\n").hexdigest()[:8]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "import" / "supplier-23").mkdir(parents=True)
    return tmp_path / "import"


@pytest.fixture
def inbox(root: Path) -> Path:
    return root / "supplier-23"


@pytest.fixture
def feeds(root: Path) -> DirectoryFeeds:
    return DirectoryFeeds(root, FixedClock())


def _put(path: Path, content: str = "A;4\n", *, second: int = 0) -> Path:
    path.write_text(content, "utf-8")
    os.utime(path, (1_700_000_000 + second,) * 2)
    return path


def _waiting(feeds: DirectoryFeeds, setting: ImportSetting = SETTING) -> list[str]:
    return [feed.name for feed in feeds.waiting(setting)]


def _only(feeds: DirectoryFeeds) -> Feed:
    (feed,) = feeds.waiting(SETTING)
    return feed


def _archive(feeds: DirectoryFeeds, feed: Feed, setting: ImportSetting = SETTING) -> None:
    with feeds.open(feed) as opened:
        feeds.archive(setting, opened)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- waiting ----------------------------------------------------------------------------------


def test_files_wait_oldest_first_with_size_and_time(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / "a.csv", "newest", second=20)
    _put(inbox / "b.csv", "old", second=10)

    old, newest = feeds.waiting(SETTING)

    assert (old.name, newest.name) == ("b.csv", "a.csv")
    assert old.size_bytes == 3
    assert old.modified == datetime.fromtimestamp(1_700_000_010, UTC)


def test_only_finished_regular_files_of_the_pattern_wait(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    for name in ("stock.csv", "readme.txt", ".hidden.csv", "up.csv.part", "bad.csv.FAILED.txt"):
        _put(inbox / name)
    (inbox / "folder.csv").mkdir()
    (inbox / "link.csv").symlink_to(inbox / "readme.txt")
    os.mkfifo(inbox / "pipe.csv")

    assert _waiting(feeds) == ["stock.csv"]
    assert _waiting(feeds, setting_of(source="supplier-23")) == ["readme.txt", "stock.csv"]


def test_a_missing_folder_is_refused_by_its_setting(feeds: DirectoryFeeds) -> None:
    with pytest.raises(FeedRefused, match=r"create it or correct supplier\.23\.source"):
        feeds.waiting(setting_of(source="supplier-99"))


@pytest.mark.parametrize("source", ["../outside", "supplier-23/../../outside", "link"])
def test_a_folder_outside_the_import_folder_is_refused(
    feeds: DirectoryFeeds, root: Path, source: str
) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)

    with pytest.raises(FeedRefused, match="outside"):
        feeds.waiting(setting_of(source=source))


def test_an_absolute_source_is_outside_too(feeds: DirectoryFeeds, tmp_path: Path) -> None:
    with pytest.raises(FeedRefused, match="outside"):
        feeds.waiting(setting_of(source=str(tmp_path)))


def test_a_name_that_is_no_text_is_shown_and_archived_readably(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    Path(os.fsdecode(bytes(inbox) + b"/gr\xf6sse.csv")).write_text("A;4\n", "utf-8")

    feed = _only(feeds)
    _archive(feeds, feed)

    assert feed.name == "gr\\xf6sse.csv"
    assert _names(inbox / "archive") == [f"20261121_{SHA8}_gr\\xf6sse.csv"]


# --- opening ----------------------------------------------------------------------------------


def test_an_open_feed_knows_its_digest(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / "stock.csv")

    with feeds.open(_only(feeds)) as opened:
        assert opened.digest == hashlib.sha256(b"A;4\n").hexdigest()
        assert opened.path == inbox / "stock.csv"


def test_a_link_put_in_place_of_the_file_is_not_followed(
    feeds: DirectoryFeeds, inbox: Path, tmp_path: Path
) -> None:
    path = _put(inbox / "stock.csv")
    feed = _only(feeds)
    path.unlink()
    path.symlink_to(_put(tmp_path / "secret.csv"))

    with pytest.raises(FeedRefused, match=r"stock\.csv is a link"), feeds.open(feed):
        pass


def test_a_pipe_put_in_place_of_the_file_is_not_waited_for(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    path = _put(inbox / "stock.csv")
    feed = _only(feeds)
    path.unlink()
    os.mkfifo(path)

    with pytest.raises(FeedRefused, match="not a regular file"), feeds.open(feed):
        pass


def test_a_file_gone_before_it_was_opened_has_changed(feeds: DirectoryFeeds, inbox: Path) -> None:
    path = _put(inbox / "stock.csv")
    feed = _only(feeds)
    path.unlink()

    with pytest.raises(FeedChanged), feeds.open(feed):
        pass


def test_a_file_changed_since_it_was_found_has_changed(feeds: DirectoryFeeds, inbox: Path) -> None:
    path = _put(inbox / "stock.csv")
    feed = _only(feeds)
    _put(path, "A;5\n", second=1)

    with pytest.raises(FeedChanged), feeds.open(feed):
        pass


# --- a file named by hand ---------------------------------------------------------------------


def test_a_file_is_named_by_its_name_or_its_full_path(feeds: DirectoryFeeds, inbox: Path) -> None:
    path = _put(inbox / "stock.csv")

    assert feeds.named(SETTING, "stock.csv") == feeds.named(SETTING, str(path))


def test_a_file_named_outside_is_refused(
    feeds: DirectoryFeeds, inbox: Path, tmp_path: Path
) -> None:
    outside = _put(tmp_path / "stock.csv")
    (inbox / "stock.csv").symlink_to(outside)

    for path in (str(outside), "../../stock.csv"):
        with pytest.raises(FeedRefused, match="only files below it are read"):
            feeds.named(SETTING, path)
    with pytest.raises(FeedRefused, match="not a regular file"):
        feeds.named(SETTING, "stock.csv")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("stcok.csv", r"--file stcok\.csv: there is no .*/supplier-23/stcok\.csv"),
        ("", "--file is empty: name a file in .*/supplier-23"),
        (" ", "--file is empty"),
    ],
)
def test_a_name_mistyped_or_left_out_is_refused_at_once(
    feeds: DirectoryFeeds, path: str, message: str
) -> None:
    with pytest.raises(FeedRefused, match=message):
        feeds.named(SETTING, path)


def test_a_file_from_elsewhere_is_copied_into_the_archive(
    feeds: DirectoryFeeds, root: Path, inbox: Path
) -> None:
    (root / "by-hand").mkdir()
    path = _put(root / "by-hand" / "list.csv")

    _archive(feeds, feeds.named(SETTING, str(path)))

    assert path.exists()
    assert _names(inbox / "archive") == [f"20261121_{SHA8}_list.csv"]


# --- the archive ------------------------------------------------------------------------------


def test_a_file_is_moved_into_the_archive_by_date_and_digest(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    _put(inbox / "stock.csv")

    _archive(feeds, _only(feeds))

    assert _names(inbox) == ["archive"]
    assert (inbox / "archive" / f"20261121_{SHA8}_stock.csv").read_text("utf-8") == "A;4\n"


def test_a_full_list_takes_the_older_ones_with_it(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / "1.csv", second=1)
    _put(inbox / "2.csv", second=2)
    _put(inbox / "3.csv", second=3)

    _archive(feeds, feeds.waiting(SETTING)[1])

    assert _waiting(feeds) == ["3.csv"]
    assert len(_names(inbox / "archive")) == 2


def test_a_delta_leaves_the_older_ones_waiting(feeds: DirectoryFeeds, inbox: Path) -> None:
    delta = setting_of(source="supplier-23", mode=Mode.DELTA)
    _put(inbox / "1.csv", second=1)
    _put(inbox / "2.csv", second=2)

    _archive(feeds, feeds.waiting(delta)[1], delta)

    assert _waiting(feeds, delta) == ["1.csv"]


def test_a_file_replaced_since_it_was_read_is_not_archived(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    path = _put(inbox / "stock.csv")

    with feeds.open(_only(feeds)) as opened:
        assert opened.digest
        path.unlink()
        _put(path, "A;9\n", second=5)
        feeds.archive(SETTING, opened)

    assert path.read_text("utf-8") == "A;9\n"


def test_an_archived_file_is_found_by_its_digest(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / "stock.csv")
    feed = _only(feeds)
    with feeds.open(feed) as opened:
        digest = opened.digest
        feeds.archive(SETTING, opened)

    found = feeds.archived(SETTING, digest)

    assert found is not None
    assert found.modified == feed.modified
    _archive(feeds, found)
    assert feeds.archived(SETTING, digest) == found
    assert feeds.archived(SETTING, "0" * 64) is None


def test_a_very_long_name_is_archived_under_its_end(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / f"{'ü' * 120}.csv")

    feeds.mark_failed(SETTING, _only(feeds), "too few lines")
    _archive(feeds, _only(feeds))

    (name,) = _names(inbox / "archive")
    assert name.endswith("ü.csv")


# --- marks ------------------------------------------------------------------------------------


def test_a_mark_beside_the_file_tells_when_and_why(feeds: DirectoryFeeds, inbox: Path) -> None:
    _put(inbox / "stock.csv")

    feeds.mark_failed(SETTING, _only(feeds), "2 lines, expected are at least 100")

    assert (inbox / "stock.csv.FAILED.txt").read_text("utf-8") == (
        "2026-11-21 12:00 UTC, not imported: 2 lines, expected are at least 100\n"
    )
    assert _waiting(feeds) == ["stock.csv"]


def test_marks_of_files_that_are_gone_are_taken_off_by_the_next_archiving(
    feeds: DirectoryFeeds, inbox: Path
) -> None:
    bad = _put(inbox / "bad.csv", second=9)
    feeds.mark_failed(SETTING, _only(feeds), "no")
    bad.unlink()
    _put(inbox / "still-bad.csv", second=10)
    feeds.mark_failed(SETTING, _only(feeds), "no")
    _put(inbox / "good.csv", second=5)

    _archive(feeds, feeds.waiting(SETTING)[0])

    assert _names(inbox) == ["archive", "still-bad.csv", "still-bad.csv.FAILED.txt"]


def test_a_full_disk_is_named_as_such(root: Path) -> None:
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    child = subprocess.run(
        [sys.executable, "-c", f"{full}\n{_CHILD}", str(root)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert child.stdout == f"{DiskFull.__name__}\n", child.stderr


_CHILD = """
import pathlib, sys
from domain.errors import JobError
from fakes.supplier_import import FixedClock, setting_of
from infra.files.feeds import DirectoryFeeds
root = pathlib.Path(sys.argv[1])
(root / "supplier-23" / "stock.csv").touch()
feeds = DirectoryFeeds(root, FixedClock())
setting = setting_of(source="supplier-23")
try:
    feeds.mark_failed(setting, feeds.named(setting, "stock.csv"), "no")
except JobError as error:
    print(type(error).__name__)
"""
