"""Which of a partner's files are fetched, and that each is fetched whole and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

import pytest

from domain.jobs.supplier_import.fetching import Fetching
from domain.jobs.supplier_import.setting import Columns, ImportSetting, Mode
from domain.transfers.failures import PartnerRefused, TransferBroken
from fakes.arrivals import MemoryArrivals, MemoryFetchBook
from fakes.partners import MemoryFolder, OnePartner
from fakes.supplier_import import NOON, FakeRun, FixedClock

FULL = ImportSetting(
    supplier_id=58,
    name="Reifen Nord",
    source="58",
    pattern="*.csv",
    partner="nord",
    columns=Columns(article_no="a", quantity=("q",)),
)
DELTA = replace(FULL, mode=Mode.DELTA)
HOUR = timedelta(hours=1)
DROP = TransferBroken("the line was cut")


class Place:
    """A partner with files, and an empty folder of ours."""

    def __init__(self, folder: MemoryFolder | None = None) -> None:
        self.folder = folder or MemoryFolder()
        self.arrivals, self.book, self.clock = MemoryArrivals(), MemoryFetchBook(), FixedClock()
        self.partner = OnePartner(self.folder)

    def offers(self, name: str, content: bytes, *, age: timedelta | None = HOUR) -> None:
        self.folder.content[name] = content
        self.folder.modified.pop(name, None)
        if age is not None:
            self.folder.modified[name] = NOON - age

    def fetched(self, setting: ImportSetting = FULL, run: FakeRun | None = None) -> list[str]:
        """Fetch, and name the files that came; the import takes them away."""
        Fetching(self.partner, self.arrivals, self.book, self.clock)(setting, run or FakeRun())
        came = sorted(self.arrivals.files)
        self.arrivals.files.clear()
        return came


@pytest.fixture
def place() -> Place:
    return Place()


def test_of_full_lists_the_newest_is_fetched_and_only_once(place: Place) -> None:
    place.offers("monday.csv", b"old", age=24 * HOUR)
    place.offers("tuesday.csv", b"new")
    place.offers("read-me.txt", b"no list", age=timedelta())

    assert place.fetched() == ["tuesday.csv"]
    assert place.fetched() == []
    place.offers("tuesday.csv", b"gnu", age=timedelta(minutes=1))
    assert place.fetched() == ["tuesday.csv"]


def test_of_changes_each_is_fetched_and_none_over_one_that_waits(place: Place) -> None:
    place.offers("1.csv", b"a")
    place.offers("2.csv", b"b")
    assert place.fetched(DELTA) == ["1.csv", "2.csv"]

    place.offers("1.csv", b"aa", age=timedelta(minutes=1))
    place.arrivals.files["1.csv"] = b"waits", NOON
    assert place.fetched(DELTA) == ["1.csv"]
    assert place.book.rows["1.csv"].size_bytes == 1
    assert place.fetched(DELTA) == ["1.csv"]
    assert place.book.rows["1.csv"].size_bytes == 2


def test_a_file_keeps_the_time_of_its_content(place: Place) -> None:
    place.offers("a.csv", b"a")

    Fetching(place.partner, place.arrivals, place.book, place.clock)(FULL, FakeRun())

    assert place.arrivals.files == {"a.csv": (b"a", NOON - HOUR)}


def test_a_file_that_was_just_written_is_left_for_the_next_run(place: Place) -> None:
    place.offers("a.csv", b"a", age=timedelta(seconds=4))

    assert place.fetched() == []
    place.clock.at += timedelta(seconds=1)
    assert place.fetched() == ["a.csv"]


def test_without_times_the_content_tells_what_is_new(place: Place) -> None:
    place.offers("a.csv", b"1234", age=None)
    assert place.fetched() == ["a.csv"]
    assert place.fetched() == []
    place.offers("a.csv", b"4321", age=None)
    assert place.fetched() == ["a.csv"]


def test_changes_without_times_are_known_by_name_and_size(place: Place) -> None:
    place.offers("1.csv", b"a", age=None)
    assert place.fetched(DELTA) == ["1.csv"]
    place.folder.calls.clear()

    assert place.fetched(DELTA) == []
    assert place.folder.calls == ["files"]


def test_a_file_that_grows_meanwhile_is_left_for_the_next_run() -> None:
    class Growing(MemoryFolder):
        """Is still written to while it is read."""

        def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
            super().get(name, into, offset=offset)
            self.content[name] += b"+"

    place = Place(Growing())
    place.offers("a.csv", b"a", age=None)

    assert place.fetched() == []
    assert place.book.rows == {}


def test_a_cut_file_goes_on_where_it_was(place: Place) -> None:
    place.offers("a.csv", b"0123456789")
    place.folder.partly, place.folder.faults = 4, [("get a.csv", DROP)]

    Fetching(place.partner, place.arrivals, place.book, place.clock)(FULL, FakeRun())

    assert place.arrivals.files["a.csv"][0] == b"0123456789"
    assert place.partner.connections == 2


@pytest.mark.parametrize("setting", [FULL, DELTA])
def test_a_head_and_a_tail_of_two_files_are_not_taken_for_one(setting: ImportSetting) -> None:
    class Replaced(MemoryFolder):
        """Gets a new file of the same size while the old one is read."""

        def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
            try:
                super().get(name, into, offset=offset)
            finally:
                self.content[name], self.modified[name] = b"9876543210", NOON - HOUR / 2

    place = Place(Replaced())
    place.offers("a.csv", b"0123456789")
    place.folder.partly, place.folder.faults = 4, [("get a.csv", DROP)]

    assert place.fetched(setting) == []
    assert place.book.rows == {}
    assert place.fetched(setting) == ["a.csv"]


def test_a_change_that_took_the_place_of_another_is_not_removed_unread() -> None:
    class Replaced(MemoryFolder):
        """Gets the next change under the same name while the first is read."""

        def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
            super().get(name, into, offset=offset)
            self.content[name], self.modified[name] = b"second", NOON - HOUR / 2

    place = Place(Replaced())
    place.offers("a.csv", b"first!")

    assert place.fetched(replace(DELTA, remove_fetched=True)) == []
    assert place.folder.content == {"a.csv": b"second"}


def test_what_came_whole_before_the_line_was_cut_is_not_asked_for_again(place: Place) -> None:
    place.offers("a.csv", b"0123456789")
    place.folder.partly, place.folder.faults = 10, [("get a.csv", DROP)]

    assert place.fetched() == ["a.csv"]
    assert place.folder.calls.count("get a.csv") == 1


def test_a_partner_that_is_away_is_asked_once(place: Place) -> None:
    place.partner.refusal, place.partner.closes_after = DROP, 0

    with pytest.raises(TransferBroken):
        place.fetched()

    assert place.partner.connections == 1


def test_what_was_fetched_is_removed_where_the_setting_says_so(place: Place) -> None:
    removing = replace(FULL, remove_fetched=True)
    place.offers("a.csv", b"a")
    place.folder.faults = [("remove a.csv", PartnerRefused("550 no"))]

    run = FakeRun()
    assert place.fetched(removing, run) == ["a.csv"]
    assert [event for event, *_ in run.logged if event == "feed.not_removed"]
    assert place.fetched(removing) == []
    assert place.folder.content == {}


def test_what_is_to_stay_stays(place: Place) -> None:
    place.offers("a.csv", b"a")

    place.fetched()

    assert list(place.folder.content) == ["a.csv"]


def test_a_dry_run_tells_and_fetches_nothing(place: Place) -> None:
    place.offers("a.csv", b"a")
    run = FakeRun(dry_run=True)

    assert place.fetched(run=run) == []
    assert run.logged[0][1] == "would fetch a.csv from nord"
    assert place.book.rows == {}


def test_a_setting_without_a_partner_asks_nobody(place: Place) -> None:
    place.fetched(replace(FULL, partner=""))

    assert place.partner.connections == 0
