"""Orders that arrive as files: which are taken, when they move, and a partner's folder."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import Refused
from domain.platforms.ports import NotOffered, Page, Platform
from domain.platforms.setting import Adapter, PlatformSetting
from fakes.supplier_import import NOON
from partners import opentrans, woocommerce
from partners.asking import DAY, Asker, ids

DESK = PlatformSetting(platform_id="desk", adapter=Adapter.FILES, folder="desk", pattern="*.xml")
PARTNER = '[partner.dealer]\nkind = "directory"\nfolder = "{folder}"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


@contextmanager
def connected(desk: Path, **keys: object) -> Iterator[Platform]:
    setting = replace(DESK, **keys)  # type: ignore[arg-type]  # each test names fields
    with Asker().connected(setting, desk.parent) as platform:
        yield platform


def pages(desk: Path, **keys: object) -> list[Page]:
    """Take all files, and put each away at once."""
    with connected(desk, **keys) as platform:
        found = []
        for page in platform.pages(DAY):
            found.append(page)
            if page.kept:
                page.kept()
        return found


def arrives(desk: Path, name: str, content: str, *, ago: timedelta = timedelta(hours=1)) -> Path:
    file = desk / name
    file.write_text(content, "utf-8")
    then = (NOON - ago).timestamp()
    os.utime(file, (then, then))
    return file


def there(desk: Path) -> list[str]:
    """Every file, less the day and the digest before its name."""
    found = (path.relative_to(desk) for path in desk.rglob("*") if path.is_file())
    return sorted(str(path.parent / path.name.split("_", 2)[-1]) for path in found)


def test_files_are_taken_by_age_and_moved_once_they_are_stored(desk: Path) -> None:
    arrives(desk, "b.xml", opentrans.order("1"), ago=timedelta(hours=3))
    arrives(desk, "a.xml", opentrans.order("2"))

    with connected(desk) as platform:
        taken = platform.pages(DAY)
        first = next(taken)
        before = there(desk)
        assert first.kept
        first.kept()
        after = there(desk)
        second = next(taken)

    assert (ids(first.orders), ids(second.orders)) == (["1"], ["2"])
    assert (before, after) == (["a.xml", "b.xml"], ["a.xml", "processed/b.xml"])


def test_what_is_not_meant_is_left_alone(desk: Path) -> None:
    arrives(desk, "a.csv", "no")
    arrives(desk, ".hidden.xml", "no")
    arrives(desk, "b.xml.part", "no")
    arrives(desk, "young.xml", opentrans.order(), ago=timedelta(seconds=5))
    (desk / "folder.xml").mkdir()
    (desk / "link.xml").symlink_to("/etc/passwd")

    assert pages(desk) == []


def test_a_file_replaced_while_it_was_read_stays(desk: Path) -> None:
    file = arrives(desk, "a.xml", opentrans.order("1"))

    with connected(desk) as platform:
        taken = platform.pages(DAY)
        page = next(taken)
        file.unlink()
        arrives(desk, "a.xml", opentrans.order("2"))
        assert page.kept
        page.kept()

    assert there(desk) == ["a.xml"]


def test_a_file_in_which_nothing_is_an_order_goes_where_people_look(desk: Path) -> None:
    arrives(desk, "a.xml", "<INVOICE/>")

    (page,) = pages(desk)

    assert there(desk) == ["failed/a.xml", "failed/a.xml.REASON.txt"]
    assert page.orders[0].trouble.startswith("a.xml: ")


def test_a_file_of_many_orders_is_stored_in_pages_and_moves_after_the_last(desk: Path) -> None:
    orders = [woocommerce.order(number) for number in range(1, 600)]
    arrives(desk, "a.json", json.dumps(orders))

    found = pages(desk, pattern="*.json")

    assert [len(page.orders) for page in found] == [250, 250, 99]
    assert [page.kept is not None for page in found] == [False, False, True]


@pytest.mark.parametrize("content", ["[]", '{"orders": []}'])
def test_a_file_without_any_order_moves_too(desk: Path, content: str) -> None:
    arrives(desk, "a.json", content)

    (page,) = pages(desk, pattern="*.json")

    assert (page.orders, there(desk)) == ((), ["processed/a.json"])


def test_a_file_that_no_list_can_be_is_not_read(desk: Path) -> None:
    file = desk / "a.xml"
    with file.open("wb") as content:
        content.truncate((64 << 20) + 1)
    os.utime(file, (0, 0))

    arrives(desk, "b.xml", opentrans.order("1"))

    large, other = pages(desk)

    assert large.orders[0].trouble.startswith("a.xml has 67,108,865 bytes")
    assert len(large.orders[0].raw) < 100
    assert ids(other.orders) == ["1"]
    assert there(desk) == ["failed/a.xml", "failed/a.xml.REASON.txt", "processed/b.xml"]


def test_a_file_that_may_not_be_read_stops_no_other(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen as root too, whom no mode of a file stops."""
    arrives(desk, "a.xml", opentrans.order("1"), ago=timedelta(hours=3))
    arrives(desk, "b.xml", opentrans.order("2"))
    open_ = os.open

    def refusing(path: Path, flags: int, **more: int) -> int:
        if Path(path).name == "a.xml":
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_(path, flags, **more)

    monkeypatch.setattr(os, "open", refusing)

    with pytest.raises(Refused, match=r"a\.xml: Permission denied"):
        pages(desk)
    assert there(desk) == ["a.xml", "processed/b.xml"]


def test_a_folder_that_is_not_there_is_no_good_news(desk: Path) -> None:
    desk.rmdir()

    with pytest.raises(Refused, match="is no folder: create it"):
        pages(desk)


def test_files_have_no_single_order_to_ask_for(desk: Path) -> None:
    with connected(desk) as platform, pytest.raises(NotOffered):
        platform.order("1")


# --- a partner's folder -------------------------------------------------------------------------


@pytest.fixture
def dealer(tmp_path: Path, desk: Path) -> Path:
    """Agree with a partner whose folder is a directory of this host; our settings name it."""
    folder = tmp_path / "dealer"
    folder.mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "partners.toml").write_text(PARTNER.format(folder=folder), "utf-8")
    assert desk.is_dir()
    return folder


def test_a_partners_files_are_fetched_and_deleted_there(dealer: Path, desk: Path) -> None:
    arrives(dealer, "a.xml", opentrans.order("1"))
    arrives(dealer, "b.csv", "no")

    found = pages(desk, partner="dealer")

    assert [ids(page.orders) for page in found] == [["1"]]
    assert [path.name for path in dealer.iterdir()] == ["b.csv"]
    ((kept),) = (desk / "processed").iterdir()
    assert kept.name.endswith("_a.xml")


def test_a_partners_file_of_the_same_name_takes_no_others_place(dealer: Path, desk: Path) -> None:
    for number in ("1", "2"):
        arrives(dealer, "a.xml", opentrans.order(number))
        with connected(desk, partner="dealer") as platform:
            next(platform.pages(DAY))  # and nobody stored it

    assert len([path for path in desk.iterdir() if path.is_file()]) == 2


def test_a_dry_run_leaves_a_partners_files_there(dealer: Path, desk: Path) -> None:
    arrives(dealer, "a.xml", opentrans.order("1"))

    with connected(desk, partner="dealer") as platform:
        found = list(platform.pages(replace(DAY, peek=True)))

    assert (found, [path.name for path in dealer.iterdir()]) == ([], ["a.xml"])
